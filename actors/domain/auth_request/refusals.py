"""Why orders to an authorization request are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("AUTHREQUEST-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("AUTHREQUEST-AlreadyExists", Code.ALREADY_EXISTS)
ALREADY_HANDLED = reason("AUTHREQUEST-AlreadyHandled", Code.FAILED_PRECONDITION)
SESSION_INVALID = reason("AUTHREQUEST-SessionInvalid", Code.FAILED_PRECONDITION)
SESSION_TOO_OLD = reason("AUTHREQUEST-SessionTooOld", Code.FAILED_PRECONDITION)
WRONG_ORG = reason("AUTHREQUEST-WrongOrganisation", Code.PERMISSION_DENIED)
NO_GRANT = reason("AUTHREQUEST-NoGrant", Code.PERMISSION_DENIED)
PUSHED_INVALID = reason("AUTHREQUEST-PushedInvalid", Code.INVALID_ARGUMENT)
CODE_INVALID = reason("AUTHREQUEST-CodeInvalid", Code.INVALID_ARGUMENT)
CODE_USED = reason("AUTHREQUEST-CodeUsed", Code.INVALID_ARGUMENT)
CODE_FOREIGN = reason("AUTHREQUEST-CodeOfAnotherClient", Code.INVALID_ARGUMENT)
CODE_EXPIRED = reason("AUTHREQUEST-CodeExpired", Code.INVALID_ARGUMENT)
KEY_WRONG = reason("AUTHREQUEST-KeyWrong", Code.INVALID_ARGUMENT)
VERIFIER_WRONG = reason("AUTHREQUEST-VerifierWrong", Code.INVALID_ARGUMENT)
