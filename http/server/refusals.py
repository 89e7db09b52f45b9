"""What the port itself answers when it says no, before or beside every door."""

from __future__ import annotations

from personae.actors.domain.kit import Code, Reason, reason

BAD_REQUEST = reason("HTTP-BadRequest", Code.INVALID_ARGUMENT)
BAD_HOST = reason("HTTP-BadHost", Code.INVALID_ARGUMENT)
FORBIDDEN = reason("HTTP-Forbidden", Code.PERMISSION_DENIED)
NOT_FOUND = reason("HTTP-NotFound", Code.NOT_FOUND)
METHOD_NOT_ALLOWED = reason("HTTP-MethodNotAllowed", Code.UNIMPLEMENTED)
TOO_SLOW = reason("HTTP-TooSlow", Code.DEADLINE_EXCEEDED)
TOO_LARGE = reason("HTTP-TooLarge", Code.INVALID_ARGUMENT)
UNSUPPORTED_TYPE = reason("HTTP-UnsupportedType", Code.INVALID_ARGUMENT)
INTERNAL = reason("HTTP-Internal", Code.INTERNAL)
DEADLINE = reason("HTTP-Deadline", Code.DEADLINE_EXCEEDED)

BY_STATUS: dict[int, Reason] = {
    400: BAD_REQUEST,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    408: TOO_SLOW,
    413: TOO_LARGE,
    415: UNSUPPORTED_TYPE,
    500: INTERNAL,
    504: DEADLINE,
}

SENTENCES: dict[str, str] = {
    BAD_REQUEST.id: "The request could not be understood",
    BAD_HOST.id: "The host of the request is missing, malformed or contradictory",
    FORBIDDEN.id: "This is not allowed",
    NOT_FOUND.id: "There is nothing here",
    METHOD_NOT_ALLOWED.id: "This method is not allowed here",
    TOO_SLOW.id: "The request took too long to arrive",
    TOO_LARGE.id: "The request is too large",
    UNSUPPORTED_TYPE.id: "This content type is not supported here",
    INTERNAL.id: "Something went wrong on the server",
    DEADLINE.id: "The answer took too long",
}
"""English sentences for when wiring gave no translator."""
