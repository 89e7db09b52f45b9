"""Why orders about features are refused."""

from personae.actors.domain.kit import Code, reason

UNKNOWN = reason("FEATURE-Unknown", Code.INVALID_ARGUMENT)
BASE_URI_INVALID = reason("FEATURE-BaseUriInvalid", Code.INVALID_ARGUMENT)
