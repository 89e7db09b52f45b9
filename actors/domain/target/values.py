"""What targets are made of, and where they may be."""

from __future__ import annotations

import re
from enum import IntEnum
from urllib.parse import urlsplit

from personae.actors.domain.addresses import is_public


class Type(IntEnum):
    """What becomes of the answer: ignored, taken, or not waited for."""

    WEBHOOK = 0
    CALL = 1
    ASYNC = 2


LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")
"""Names that only ever stand for one's own network (RFC 6761, 6762, 8375)."""

LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
HOST = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)*{LABEL}\.?")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


def is_endpoint(url: str, *, private: bool) -> bool:
    """Say whether a URL may be called: http or https, and no address of one's own network.

    ``private`` allows those too. What a name resolves to is checked when it is called.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    plain = url.isprintable() and not {" ", "\\"} & set(url)
    if not plain or parts.scheme not in {"http", "https"} or parts.username is not None:
        return False
    return _is_host(host, private=private)


def _is_host(host: str, *, private: bool) -> bool:
    try:
        public = is_public(host)
    except ValueError:
        return _is_name(host, private=private)
    return private or public


def _is_name(host: str, *, private: bool) -> bool:
    """Say whether a host is a name; numbers in other spellings (0x7f.1, 127.1) are none."""
    if not HOST.fullmatch(host):
        return False
    name = host.removesuffix(".")
    if NUMBER.fullmatch(name.rpartition(".")[2]):
        return False
    return private or not any(name == own or name.endswith(f".{own}") for own in LOCAL_NAMES)
