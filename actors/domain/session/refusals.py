"""Why orders to a session are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("SESSION-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("SESSION-AlreadyExists", Code.ALREADY_EXISTS)
TERMINATED = reason("SESSION-Terminated", Code.FAILED_PRECONDITION)
EXPIRED = reason("SESSION-Expired", Code.FAILED_PRECONDITION)
TOKEN_INVALID = reason("SESSION-TokenInvalid", Code.PERMISSION_DENIED)
USER_MISSING = reason("SESSION-UserNotChecked", Code.FAILED_PRECONDITION)
USER_CHANGED = reason("SESSION-UserCannotChange", Code.INVALID_ARGUMENT)
LIFETIME_INVALID = reason("SESSION-LifetimeInvalid", Code.INVALID_ARGUMENT)
CHALLENGE_MISSING = reason("SESSION-NotChallenged", Code.FAILED_PRECONDITION)
PASSWORDS_OFF = reason("SESSION-PasswordsOff", Code.FAILED_PRECONDITION)
FACTOR_UNAVAILABLE = reason("SESSION-FactorUnavailable", Code.FAILED_PRECONDITION)
