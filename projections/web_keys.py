"""Signing keys: which an instance has, and in what state each is."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import Recorded
from personae.actors.domain.web_key.events import (
    WebKeyActivated,
    WebKeyAdded,
    WebKeyDeactivated,
    WebKeyRemoved,
)
from personae.actors.domain.web_key.state import Status
from personae.projections.kit.column import integer, text
from personae.projections.kit.table import Table

WEB_KEYS = Table("web_keys", version=1, columns={"algorithm": text(), "state": integer()})


@WEB_KEYS.on(WebKeyAdded)
def _(_row: Any, recorded: Recorded) -> Any:
    return WEB_KEYS.new(algorithm=recorded.event.algorithm, state=Status.INITIAL)


@WEB_KEYS.on(WebKeyActivated)
def _(row: Any, _recorded: Recorded) -> Any:
    return row and row.but(state=Status.ACTIVE)


@WEB_KEYS.on(WebKeyDeactivated)
def _(row: Any, _recorded: Recorded) -> Any:
    return row and row.but(state=Status.INACTIVE)


WEB_KEYS.forget_on(WebKeyRemoved)
