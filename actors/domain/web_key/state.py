"""A signing key: made, active, retired, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.values import Sealed
from personae.actors.domain.web_key import events as e


class Status(IntEnum):
    """Life of a signing key; all but REMOVED verify, only ACTIVE signs."""

    UNKNOWN = 0
    INITIAL = 1
    ACTIVE = 2
    INACTIVE = 3
    REMOVED = 4


@dataclass(frozen=True, slots=True)
class WebKey:
    """The state of one signing key; ``public_key`` is its JWK, ``profile`` what it signs for."""

    status: Status = Status.UNKNOWN
    algorithm: str = ""
    private_key: Sealed | None = None
    public_key: Mapping[str, Any] = field(default_factory=dict)
    profile: str = ""


WEB_KEY = Kind("web_key", WebKey())
PROFILES = "web_key_profile"
"""Claims of the profiles that have keys of their own, held by the first of them."""


@WEB_KEY.on(e.WebKeyAdded)
def _(_key: WebKey, event: e.WebKeyAdded) -> WebKey:
    return WebKey(
        Status.INITIAL, event.algorithm, event.private_key, event.public_key, event.profile
    )


@WEB_KEY.on(e.WebKeyActivated)
def _(key: WebKey, _event: e.WebKeyActivated) -> WebKey:
    return replace(key, status=Status.ACTIVE)


@WEB_KEY.on(e.WebKeyDeactivated)
def _(key: WebKey, _event: e.WebKeyDeactivated) -> WebKey:
    return replace(key, status=Status.INACTIVE)


@WEB_KEY.on(e.WebKeyRemoved)
def _(_key: WebKey, _event: e.WebKeyRemoved) -> WebKey:
    return WebKey(Status.REMOVED)
