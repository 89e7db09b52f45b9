"""Where a request comes from: one checked host, one client address, one id, on every protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import count
from secrets import token_hex
from typing import NamedTuple


class Origin(NamedTuple):
    """The checked origin of the request that is being served.

    ``certificate`` is what a trusted proxy says of the client's certificate, as it wrote it.
    """

    request_id: str
    host: str
    client_ip: str
    certificate: str = ""


ORIGIN: ContextVar[Origin | None] = ContextVar("personae_origin", default=None)
"""The origin of the current request, for logs and for whatever has no request at hand."""

_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?\.?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?",
    re.ASCII,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_PROCESS = token_hex(6)
_NUMBERS = count(1)


@lru_cache(maxsize=4096)
def checked_host(host: str) -> str:
    """Return a ``Host`` value (RFC 9110 section 7.2) in lower case, or raise ``ValueError``."""
    lower = host.lower()
    if _HOST.fullmatch(lower) is None:
        raise ValueError("malformed host")
    return lower


def agree(target: str, host: str) -> None:
    """Raise ``ValueError`` when a request target names another host than ``Host`` (P-33).

    Origin-form and asterisk-form name none (RFC 9112 section 3.2); authority-form, which only
    ``CONNECT`` has, is refused.
    """
    if target[:1] == "/" or target == "*":
        return
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise ValueError("malformed target")
    if re.split(r"[/?#]", rest, maxsplit=1)[0].lower() != host.lower():
        raise ValueError("target and Host differ")


def request_id(wanted: str | None) -> str:
    """Return the id a client gave, when it is harmless in logs and headers, else a new one."""
    if wanted is not None and _REQUEST_ID.fullmatch(wanted):
        return wanted
    return f"{_PROCESS}{next(_NUMBERS):08x}"


class Networks:
    """A set of IP networks, asked often: whom the server trusts, or who may look inside."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ip_network(network) for network in networks)
        self.holds = lru_cache(maxsize=4096)(self._holds)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def _holds(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str | None) -> str:
        """Return the address of the client behind the trusted hops.

        ``forwarded_for`` is the joined ``X-Forwarded-For``. It is read from the right, for as long
        as the hop that added the entry is trusted; what a client wrote itself is never reached.
        """
        if forwarded_for is None or not self.holds(peer):
            return peer
        client = peer
        for hop in reversed(forwarded_for.split(",")):
            address = hop.strip()
            if not _is_address(address):
                return client
            client = address
            if not self.holds(client):
                return client
        return client


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
