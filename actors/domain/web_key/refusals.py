"""Why orders to a signing key are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("WEBKEY-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("WEBKEY-AlreadyExists", Code.ALREADY_EXISTS)
STILL_ACTIVE = reason("WEBKEY-StillActive", Code.FAILED_PRECONDITION)
ALGORITHM_UNSUPPORTED = reason("WEBKEY-AlgorithmUnsupported", Code.INVALID_ARGUMENT)
