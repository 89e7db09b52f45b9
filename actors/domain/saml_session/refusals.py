"""Why orders to a SAML session are refused."""

from personae.actors.domain.kit import Code, reason

ALREADY_EXISTS = reason("SAMLSESSION-AlreadyExists", Code.ALREADY_EXISTS)
