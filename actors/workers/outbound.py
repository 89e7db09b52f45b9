"""Calls to addresses that others chose: never into our own network (SSRF), never redirected."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

TIMEOUT = ClientTimeout(total=10, connect=5)
SUCCESS = range(200, 300)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the internet's."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


class PublicResolver(AbstractResolver):
    """Finds addresses of names, and only public ones, as the connection will use them."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the public addresses. Raises ``OSError`` when there is none."""
        found = await self._inner.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise OSError("no public address")
        return public

    async def close(self) -> None:
        """Do nothing: there is nothing open."""


class Outbound:
    """Posts forms. ``private``: addresses of our own network are allowed, as for development."""

    def __init__(self, *, private: bool = False) -> None:
        self._private = private

    async def post(self, url: str, form: Mapping[str, str]) -> bool:
        """Post a form; false for any answer but success, or none within ten seconds."""
        target = URL(url)
        if not self._allowed(target):
            return False
        resolver = ThreadedResolver() if self._private else PublicResolver()
        connector = TCPConnector(resolver=resolver, limit=1, force_close=True)
        try:
            async with (
                ClientSession(connector=connector, timeout=TIMEOUT) as http,
                http.post(target, data=form, allow_redirects=False) as answer,
            ):
                return answer.status in SUCCESS
        except (ClientError, OSError, TimeoutError, ValueError):
            return False

    def _allowed(self, target: URL) -> bool:
        if target.scheme not in {"https", "http"} or not target.host or target.user:
            return False
        try:
            return self._private or is_public(target.host)
        except ValueError:  # a name, which is looked up later
            return True
