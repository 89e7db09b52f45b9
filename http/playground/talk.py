"""Requests to one provider, each kept as people may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from personae.http.playground.masks import masked, masked_header
from personae.http.playground.tokens import Decoded

LONGEST = 256 * 1024
TIMEOUT = ClientTimeout(total=10)
FORM = "application/x-www-form-urlencoded"
FIRST_ERROR = 400


@dataclass(slots=True)
class Step:
    """One request with its answer, secrets masked; ``what`` is a key below ``playground.steps``.

    ``times``: how often it was sent and answered so in a row.
    """

    what: str
    method: str
    url: str
    sent: Mapping[str, Any] = field(default_factory=dict)
    status: int = 0
    received: Mapping[str, Any] = field(default_factory=dict)
    tokens: tuple[Decoded, ...] = ()
    times: int = 1


class WentWrongError(Exception):
    """The last step failed: the flow ends there, and the step says why."""


class Talk:
    """Speaks to the provider of an issuer and remembers each step.

    ``via`` is where it is reached from here, when that is not its own address: a server that asks
    itself goes over loopback, and then nowhere else.
    """

    def __init__(self, http: ClientSession, issuer: str, via: str = "") -> None:
        self._http, self.issuer, self._via = http, issuer, via
        self.steps: list[Step] = []

    async def call(
        self,
        what: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask, with a form by POST. Raises WentWrongError for anything but success."""
        method = "GET" if form is None else "POST"
        step = Step(what, method, url, {**_shown(headers or {}), **masked(form or {})})
        self.steps.append(step)
        if self._via and not url.startswith(self.issuer + "/"):
            step.received = {"refused": "this is another server"}
            raise WentWrongError
        try:
            found = await self._ask(step, method, url, form, headers or {})
        except (ClientError, TimeoutError, OSError) as error:
            step.received = {"error": type(error).__name__}
            raise WentWrongError from None
        if step.status >= FIRST_ERROR:
            raise WentWrongError
        return found

    def fold(self) -> None:
        """Take the last two steps for one when they are alike."""
        *_, before, last = (Step("", "", ""), *self.steps)
        if last == replace(before, times=1):
            before.times += 1
            self.steps.pop()

    async def _ask(
        self,
        step: Step,
        method: str,
        url: str,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        async with self._http.request(
            method,
            self._reached(url),
            data=None if form is None else urlencode(form),
            headers={**headers, **self._host(), **({"Content-Type": FORM} if form else {})},
            allow_redirects=False,
            timeout=TIMEOUT,
            ssl=not self._via,
        ) as response:
            step.status = response.status
            found = await _object(response)
        step.received = masked(found)
        return found

    def _reached(self, url: str) -> str:
        return self._via + url.removeprefix(self.issuer) if self._via else url

    def _host(self) -> dict[str, str]:
        return {"Host": self.issuer.partition("://")[2]} if self._via else {}


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: masked_header(value) if name == "Authorization" else value
        for name, value in headers.items()
    }


async def _object(response: ClientResponse) -> dict[str, Any]:
    """Return a JSON object; of anything else nothing is shown but its type."""
    body = await response.content.read(LONGEST)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"content-type": response.content_type}
