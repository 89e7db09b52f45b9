"""Proof that a domain belongs to who says so: a file on its web server, or a TXT record.

The server asks hosts that strangers name, so it asks with care (OWASP SSRF): names that lead to
addresses of ours or of a private network are not asked, and nobody is followed elsewhere.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from dns.asyncresolver import Resolver
from dns.exception import DNSException
from personae.actors.domain.addresses import is_public
from personae.actors.domain.org.values import ValidationType

SECONDS = 5.0
LONGEST_ANSWER = 1024


class PublicResolver(AbstractResolver):
    """Resolves names, and knows none that leads to an address that is not permitted."""

    def __init__(self, names: AbstractResolver, permitted: Callable[[str], bool]) -> None:
        self._names = names
        self._permitted = permitted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Raises ``OSError`` when one of them is not permitted."""
        found = await self._names.resolve(host, port, family)
        if not all(self._permitted(each["host"]) for each in found):
            raise OSError(None, "not an address of the open internet")
        return found

    async def close(self) -> None:
        """Release what resolving needed."""
        await self._names.close()


@dataclass(frozen=True, slots=True)
class Proofs:
    """How domains are looked at; all but the defaults are for tests."""

    origin: str = "https://{domain}"
    permitted: Callable[[str], bool] = is_public
    names: Callable[[], AbstractResolver] = ThreadedResolver
    txt: Callable[[], Resolver] = Resolver

    def url(self, kind: ValidationType, domain: str, token: str) -> str:
        """Return where the token is looked for: the address of a file, or the name of a record."""
        if kind is ValidationType.DNS:
            return f"_zitadel-challenge.{domain}"
        return f"{self.origin.format(domain=domain)}/.well-known/zitadel-challenge/{token}.txt"

    async def found(self, kind: ValidationType, domain: str, token: str) -> bool:
        """Say whether the token is where it must be. Takes at most five seconds or so."""
        look = self._in_dns if kind is ValidationType.DNS else self._on_web
        return await look(self.url(kind, domain, token), token)

    async def _in_dns(self, name: str, token: str) -> bool:
        try:
            answer = await self.txt().resolve(name, "TXT", lifetime=SECONDS)
        except DNSException:
            return False
        return any(_same(b"".join(record.strings), token) for record in answer)

    async def _on_web(self, url: str, token: str) -> bool:
        connector = aiohttp.TCPConnector(resolver=PublicResolver(self.names(), self.permitted))
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get(url, allow_redirects=False) as answer,
            ):
                body = await answer.content.read(LONGEST_ANSWER)
                return answer.status == HTTPStatus.OK and _same(body, token)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


def _same(shown: bytes, token: str) -> bool:
    return hmac.compare_digest(shown.strip(), token.encode())


PROOFS = Proofs()
