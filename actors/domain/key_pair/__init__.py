"""The key pairs that SAML messages are signed with, each with its certificate."""
