"""Why a request never reaches its method's function."""

from __future__ import annotations

from personae.actors.domain.kit import Code
from personae.actors.domain.kit.refusal import reason

INVALID_FIELD = reason("REQUEST-InvalidField", Code.INVALID_ARGUMENT)
NO_ROUTE = reason("REQUEST-NoRoute", Code.NOT_FOUND)
WRONG_VERB = reason("REQUEST-WrongVerb", Code.UNIMPLEMENTED)
WRONG_TYPE = reason("REQUEST-WrongType", Code.INVALID_ARGUMENT)
TOO_LARGE = reason("REQUEST-TooLarge", Code.RESOURCE_EXHAUSTED)
NOT_YET = reason("REQUEST-NotYet", Code.UNIMPLEMENTED)
COMPRESSED = reason("REQUEST-Compressed", Code.UNIMPLEMENTED)
OLDER_FIELD = reason("REQUEST-OlderField", Code.UNIMPLEMENTED)
