"""Calls to addresses that others chose: never into our own network (SSRF), never redirected."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from personae.actors.domain.addresses import is_public
from yarl import URL

TIMEOUT = ClientTimeout(total=10, connect=5)
SUCCESS = range(200, 300)


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
    """Calls others. ``private``: addresses of our own network are allowed, as for development."""

    def __init__(self, *, private: bool = False) -> None:
        self._private = private

    async def call(
        self,
        url: str,
        *,
        data: Mapping[str, str] | bytes,
        headers: Mapping[str, str] | None = None,
        anywhere: bool = False,
    ) -> int:
        """Post and return the status; 0 for no answer within ten seconds.

        ``anywhere``: the operator chose this address, so it may be in our own network.
        """
        private = self._private or anywhere
        target = _target(url, private=private)
        if target is None:
            return 0
        connector = TCPConnector(resolver=_resolver(private=private), limit=1, force_close=True)
        try:
            async with (
                ClientSession(connector=connector, timeout=TIMEOUT) as http,
                http.post(target, data=data, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except (ClientError, OSError, TimeoutError, ValueError):
            return 0

    async def get(self, url: str, longest: int) -> bytes | None:
        """Return what an address has; ``None`` for anything but success within ``longest`` bytes.

        By https only, unless private networks are allowed.
        """
        answer = await self.exchange("GET", url, longest=longest)
        return answer[1] if answer is not None and answer[0] in SUCCESS else None

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        longest: int,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes] | None:
        """Return status and body of an answer; ``None`` for none, or one above ``longest`` bytes.

        By https only, unless private networks are allowed.
        """
        target = _target(url, private=self._private)
        if target is None or (target.scheme != "https" and not self._private):
            return None
        connector = TCPConnector(
            resolver=_resolver(private=self._private), limit=1, force_close=True
        )
        try:
            async with (
                ClientSession(connector=connector, timeout=TIMEOUT) as http,
                http.request(
                    method, target, data=form, headers=headers, allow_redirects=False
                ) as answer,
            ):
                body = await _read(answer, longest)
                return None if body is None else (answer.status, body)
        except (ClientError, OSError, TimeoutError, ValueError):
            return None

    async def addresses(
        self, host: str, port: int, *, anywhere: bool = False
    ) -> Sequence[ResolveResult]:
        """Return the addresses of a host that may be called. Raises ``OSError`` for none."""
        resolver = _resolver(private=self._private or anywhere)
        return await resolver.resolve(host, port, socket.AF_UNSPEC)


async def _read(answer: ClientResponse, longest: int) -> bytes | None:
    """Return a body of so many bytes at most; a longer one is not read to its end."""
    found = bytearray()
    async for part in answer.content.iter_chunked(longest + 1):
        found += part
        if len(found) > longest:
            return None
    return bytes(found)


def _resolver(*, private: bool) -> AbstractResolver:
    return ThreadedResolver() if private else PublicResolver()


def _target(url: str, *, private: bool) -> URL | None:
    """Return an address that may be called, as far as can be said before its name is looked up."""
    try:
        target = URL(url)
        host = target.host
    except ValueError:
        return None
    if target.scheme not in {"https", "http"} or not host or target.user:
        return None
    return target if private or not _is_inside(host) else None


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name, which is looked up later
        return False
