"""Why orders to a device authorization are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("DEVICEAUTH-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("DEVICEAUTH-AlreadyExists", Code.ALREADY_EXISTS)
ALREADY_HANDLED = reason("DEVICEAUTH-AlreadyHandled", Code.FAILED_PRECONDITION)
PENDING = reason("DEVICEAUTH-Pending", Code.FAILED_PRECONDITION)
DENIED = reason("DEVICEAUTH-Denied", Code.FAILED_PRECONDITION)
EXPIRED = reason("DEVICEAUTH-Expired", Code.FAILED_PRECONDITION)
CODE_INVALID = reason("DEVICEAUTH-CodeInvalid", Code.INVALID_ARGUMENT)
