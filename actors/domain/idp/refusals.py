"""Why orders about identity providers are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("IDP-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("IDP-AlreadyExists", Code.ALREADY_EXISTS)
INVALID = reason("IDP-Invalid", Code.INVALID_ARGUMENT)
OTHER_KIND = reason("IDP-OtherKind", Code.FAILED_PRECONDITION)
SECRET_MISSING = reason("IDP-SecretMissing", Code.INVALID_ARGUMENT)
ALREADY_OFFERED = reason("IDP-AlreadyOffered", Code.ALREADY_EXISTS)
NOT_OFFERED = reason("IDP-NotOffered", Code.NOT_FOUND)
