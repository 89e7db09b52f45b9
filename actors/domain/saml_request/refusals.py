"""Why orders to a SAML request are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("SAMLREQUEST-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("SAMLREQUEST-AlreadyExists", Code.ALREADY_EXISTS)
ALREADY_HANDLED = reason("SAMLREQUEST-AlreadyHandled", Code.FAILED_PRECONDITION)
EXPIRED = reason("SAMLREQUEST-Expired", Code.FAILED_PRECONDITION)
NOT_LINKED = reason("SAMLREQUEST-NotLinked", Code.FAILED_PRECONDITION)
CONTEXT_UNMET = reason("SAMLREQUEST-ContextUnmet", Code.FAILED_PRECONDITION)
