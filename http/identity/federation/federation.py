"""All that speaks to identity providers of others, made once per process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personae.http.identity.federation.directory import Addresses, Directories
from personae.http.identity.federation.documents import Documents
from personae.http.identity.federation.web import SUCCESS, Browser, Exchange


async def no_answer(
    method: str,
    url: str,
    *,
    longest: int,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes] | None:
    """Ask nobody: for a server that calls nobody."""
    del method, url, longest, form, headers
    return None


async def no_addresses(_host: str, _port: int) -> Sequence[Any]:
    """Find nothing."""
    return ()


@dataclass(slots=True)
class Federation:
    """Ways to providers; ``exchange`` and ``addresses`` decide which addresses may be called."""

    exchange: Exchange = no_answer
    addresses: Addresses = no_addresses
    documents: Documents = field(init=False)
    browser: Browser = field(init=False)
    directories: Directories = field(init=False)

    def __post_init__(self) -> None:
        self.documents = Documents(self._get)
        self.browser = Browser(self.exchange, self.documents)
        self.directories = Directories(self.addresses)

    async def _get(self, url: str, longest: int) -> bytes | None:
        answer = await self.exchange("GET", url, longest=longest)
        return answer[1] if answer is not None and answer[0] in SUCCESS else None
