"""Values that several aggregates share: the key of a name, a sealed secret."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from personae.actors.domain.kit import Code, reason

UNREADABLE = reason("NAME-Unreadable", Code.INVALID_ARGUMENT)
TOO_LONG = reason("NAME-TooLong", Code.INVALID_ARGUMENT)

MAX_NAME = 1_000
"""Characters of a name that :func:`key` takes; NFKC may make one of them eighteen."""

# Control, format (zero-width and bidi), surrogate, private use, unassigned, line and paragraph
# separator. An unassigned character would get another key under a later Unicode version.
_UNREADABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Characters of other categories that show nothing (Default_Ignorable_Code_Point).
_INVISIBLE = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Return what a name (user name, login name, domain, e-mail address) is compared by.

    The rule is Unicode's compatibility caseless match (Unicode 3.13, D146): case fold and NFKC,
    twice. It trims nothing. ``key(key(x)) == key(x)``. Keys are stored as data and compared as
    bytes; no database lower-cases. Histories made elsewhere bring names, never keys: replay
    computes these anew, and two names that meet in one key are reported, not merged.

    Look up by the key, but write to the address that is stored, never to the one typed.
    Raises NAME-TooLong above 1,000 characters and NAME-Unreadable for a character that is
    invisible, unassigned or changes the direction of writing.
    """
    if len(text) > MAX_NAME:
        raise TOO_LONG(limit=MAX_NAME)
    if text.isascii():
        if not text.isprintable():
            raise UNREADABLE()
        return text.lower()
    if any(unicodedata.category(c) in _UNREADABLE or c in _INVISIBLE for c in text):
        raise UNREADABLE()
    return _folded(_folded(unicodedata.normalize("NFD", text)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.casefold())


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as events carry it: encrypted, with the id of the key that opens it.

    ``crypted`` is standard base64 of nonce, ciphertext and tag; ``type`` 0 says "encrypted", as
    opposed to 1, "hashed", of older histories.
    """

    key_id: str
    crypted: str = field(repr=False)
    algorithm: str = "aes-256-gcm"
    type: int = 0
