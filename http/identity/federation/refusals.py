"""Why a sign-in elsewhere comes to nothing."""

from personae.actors.domain.kit import Code, reason

UNREACHABLE = reason("IDP-Unreachable", Code.UNAVAILABLE)
UNTRUSTED = reason("IDP-Untrusted", Code.FAILED_PRECONDITION)
REFUSED = reason("IDP-Refused", Code.FAILED_PRECONDITION)
WAY_WRONG = reason("IDP-OtherWay", Code.INVALID_ARGUMENT)
CREDENTIALS_WRONG = reason("IDP-CredentialsWrong", Code.PERMISSION_DENIED)
TOO_MANY = reason("IDP-TooManyGuesses", Code.RESOURCE_EXHAUSTED)
STATE_INVALID = reason("IDP-StateInvalid", Code.INVALID_ARGUMENT)
