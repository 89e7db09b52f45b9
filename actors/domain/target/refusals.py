"""Why orders to a target are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("TARGET-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("TARGET-AlreadyExists", Code.ALREADY_EXISTS)
NAME_INVALID = reason("TARGET-NameInvalid", Code.INVALID_ARGUMENT)
ENDPOINT_REFUSED = reason("TARGET-EndpointRefused", Code.INVALID_ARGUMENT)
KEY_INVALID = reason("TARGET-KeyInvalid", Code.INVALID_ARGUMENT)
KEY_EXPIRED = reason("TARGET-KeyExpired", Code.FAILED_PRECONDITION)
KEY_NOT_FOUND = reason("TARGET-KeyNotFound", Code.NOT_FOUND)
KEY_ACTIVE = reason("TARGET-KeyActive", Code.FAILED_PRECONDITION)
