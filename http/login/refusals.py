"""Why a login page says no."""

from personae.actors.domain.kit import Code, reason

FORM_FOREIGN = reason("LOGIN-FormForeign", Code.PERMISSION_DENIED)
FORM_INVALID = reason("LOGIN-FormInvalid", Code.INVALID_ARGUMENT)
REQUEST_UNKNOWN = reason("LOGIN-RequestUnknown", Code.NOT_FOUND)
REQUEST_USED = reason("LOGIN-RequestUsed", Code.FAILED_PRECONDITION)
