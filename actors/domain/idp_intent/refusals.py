"""Why orders to a sign-in elsewhere are refused."""

from personae.actors.domain.kit import Code, reason

ALREADY_EXISTS = reason("IDPINTENT-AlreadyExists", Code.ALREADY_EXISTS)
URL_INVALID = reason("IDPINTENT-UrlInvalid", Code.INVALID_ARGUMENT)
TOKEN_INVALID = reason("IDPINTENT-TokenInvalid", Code.PERMISSION_DENIED)
NOT_STARTED = reason("IDPINTENT-NotStarted", Code.FAILED_PRECONDITION)
NOT_SUCCEEDED = reason("IDPINTENT-NotSucceeded", Code.FAILED_PRECONDITION)
CONSUMED = reason("IDPINTENT-Consumed", Code.FAILED_PRECONDITION)
EXPIRED = reason("IDPINTENT-Expired", Code.FAILED_PRECONDITION)
OTHER_USER = reason("IDPINTENT-OtherUser", Code.PERMISSION_DENIED)
NOT_ALLOWED = reason("IDPINTENT-NotAllowed", Code.FAILED_PRECONDITION)
