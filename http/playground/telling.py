"""Steps in words: what the page and the command line show alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from personae.http.playground.talk import Step
from personae.http.playground.tokens import Claim, Decoded

TIMES = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells steps in one language; ``texts`` are those below ``playground``."""

    texts: Mapping[str, Any]

    def of(self, step: Step) -> dict[str, Any]:
        """Return a step as texts."""
        return {
            "title": self.texts["steps"][step.what],
            "method": step.method,
            "url": step.url,
            "status": step.status,
            "times": step.times,
            "sent": {name: shown(name, value) for name, value in step.sent.items()},
            "received": {name: shown(name, value) for name, value in step.received.items()},
            "tokens": [self._token(each) for each in step.tokens],
        }

    def _token(self, token: Decoded) -> dict[str, Any]:
        return {
            "title": self.texts["kinds"][token.kind],
            "about": self._about(token),
            "header": {name: shown(name, value) for name, value in token.header.items()},
            "claims": [self._claim(each) for each in token.claims],
        }

    def _about(self, token: Decoded) -> str:
        signature = self.texts["signature"]
        if token.verified is None:
            return "" if token.claims else str(signature["opaque"])
        text: str = signature["right" if token.verified else "wrong"]
        names = ("alg", "kid", "typ")
        return text.format_map({name: token.header.get(name, "—") for name in names})

    def _claim(self, claim: Claim) -> dict[str, str]:
        text: str = self.texts["why"][claim.why.text]
        value = shown(claim.name, claim.value)
        return {"name": claim.name, "value": value, "why": text.format_map(claim.why.params)}


def shown(name: str, value: Any) -> str:
    """Return a value as text; moments also as people read them."""
    if name in TIMES and isinstance(value, int) and 0 <= value < 1 << 40:
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
