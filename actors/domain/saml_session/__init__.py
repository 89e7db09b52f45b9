"""SAML sessions: what a service provider was told of somebody (SAML Core 2.7.2, SessionIndex)."""
