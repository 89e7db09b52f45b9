"""What organisations' domains are described by. Numbers are those of stored payloads."""

from __future__ import annotations

import re
from enum import IntEnum

from personae.actors.domain.org import refusals

LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)+(?!\d+$){LABEL}")
"""Two labels or more (RFC 1123, 2.1); the last is no number, so that no address is a domain."""


class ValidationType(IntEnum):
    """How an organisation proves that a domain is its own."""

    UNSPECIFIED = 0
    HTTP = 1
    DNS = 2


def checked_domain(domain: str) -> str:
    """Return a domain in lower case, or refuse what is none. Others go in as A-labels."""
    plain = domain.strip().lower()
    if not DOMAIN.fullmatch(plain):
        raise refusals.DOMAIN_INVALID(domain=plain)
    return plain
