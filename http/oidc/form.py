"""Parameters of a request, parsed once and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from aiohttp import web
from aiohttp.hdrs import CONTENT_TYPE
from personae.http.oidc.errors import FORM_INVALID, PARAMETER_MISSING, PARAMETER_REPEATED

LONGEST = 64 * 1024
LONGEST_KEPT = 16 * 1024
"""Of parameters that anybody may send and that are kept."""
MOST_FIELDS = 64
LISTS = {"audience", "resource"}
"""RFC 8693, 2.1; RFC 8707, 2."""
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """Parameters by name, and the names of those that were sent more than once."""

    values: Mapping[str, str] = field(repr=False)
    repeated: frozenset[str] = frozenset()
    every: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> Form:
        """Read an urlencoded text; a parameter without value counts as omitted (RFC 6749, 3.1).

        Raises OIDC-FormInvalid.
        """
        if len(text) > LONGEST or text.count("&") >= MOST_FIELDS or "%00" in text or "\0" in text:
            raise FORM_INVALID()
        try:
            pairs = _pairs(text)
        except ValueError:
            raise FORM_INVALID() from None
        return cls.of_pairs(pairs)

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[str, str]]) -> Form:
        """Take names and values that are not empty."""
        values = dict(pairs)
        if len(values) == len(pairs):
            return cls(values)
        names = [name for name, _ in pairs]
        repeated = frozenset(name for name in values if names.count(name) > 1)
        return cls(values, repeated, tuple(pairs))

    @classmethod
    async def of(cls, request: web.Request) -> Form:
        """Read the body of a POST. Raises OIDC-FormInvalid."""
        if request.headers.get(CONTENT_TYPE) != FORM and request.content_type != FORM:
            raise FORM_INVALID()
        body = await request.read()
        try:
            return cls.parse(body.decode("ascii"))
        except UnicodeDecodeError:
            raise FORM_INVALID() from None

    @classmethod
    async def of_either(cls, request: web.Request) -> Form:
        """Read the query of a GET or the body of a POST (OIDC Core, 3.1.2.1)."""
        if request.method == "POST":
            form = await cls.of(request)
        else:
            form = cls.parse(request.rel_url.raw_query_string)
        return form.keepable()

    def keepable(self, *, beside: str = "") -> Form:
        """Refuse more than is kept for anybody, not counting one parameter that is not kept.

        Raises OIDC-FormInvalid.
        """
        if sum(len(value) for name, value in self.values.items() if name != beside) > LONGEST_KEPT:
            raise FORM_INVALID()
        return self

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a parameter that may be sent several times."""
        if name in self.repeated:
            return tuple(value for each, value in self.every if each == name)
        return (self.values[name],) if name in self.values else ()

    def unique(self) -> Form:
        """Refuse repeated parameters (RFC 6749, 3.2), but for those that may be lists.

        Raises OIDC-ParameterRepeated.
        """
        for name in sorted(self.repeated - LISTS) if self.repeated else ():
            raise PARAMETER_REPEATED(name=name)
        return self

    def get(self, name: str) -> str:
        """Return a parameter, or an empty text."""
        return self.values.get(name, "")

    def required(self, name: str) -> str:
        """Return a parameter. Raises OIDC-ParameterMissing."""
        value = self.values.get(name)
        if value is None:
            raise PARAMETER_MISSING(name=name)
        return value


def words(text: str) -> list[str]:
    """Return the words of a list that is delimited by spaces, and by no other blank.

    "… a single ASCII space character (0x20) MUST be used as the delimiter." (OIDC Core, 14)
    """
    return [each for each in text.split(" ") if each]


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values that are not empty; ``urllib``'s own parser is five times slower."""
    split = (part.partition("=") for part in text.split("&"))
    return [(plain(name), plain(value)) for name, _, value in split if value]


def plain(text: str) -> str:
    """Return what an urlencoded text says. Raises ``ValueError`` for what is no UTF-8."""
    if "%" not in text:
        return text.replace("+", " ")
    return unquote_to_bytes(text.replace("+", " ")).decode()
