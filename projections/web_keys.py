"""Signing keys: all that are not removed, so all that may verify."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.web_key import events as e
from personae.actors.domain.web_key.state import Status
from personae.projections.kit import Row, Table, integer, json, text

WEB_KEYS = Table(
    "web_keys",
    version=1,
    columns={"algorithm": text(), "config_type": integer(), "state": integer(), "public": json()},
)
"""``public`` is the JWK of the public half; ``state`` the domain's status. No column is added for
what only the key itself need know: while a new version is built, no key could be read."""


@WEB_KEYS.on(e.WebKeyAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return WEB_KEYS.new(
        algorithm=event.algorithm,
        config_type=event.config_type,
        state=int(Status.INITIAL),
        public=event.public_key,
    )


@WEB_KEYS.on(e.WebKeyActivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


@WEB_KEYS.on(e.WebKeyDeactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


WEB_KEYS.forget_on(e.WebKeyRemoved)
WEB_KEYS.forget_instance_on(InstanceRemoved)
