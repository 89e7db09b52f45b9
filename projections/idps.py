"""Identity providers: names and dates. Their settings are in the instance's own state."""

from __future__ import annotations

from personae.actors.domain.idp import events as e
from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.projections.kit import Row, Table, integer, text

IDPS = Table("idps", version=1, columns={"name": text(lower=True), "state": integer()})
"""``state`` is the API's: 1, active."""

ACTIVE = 1


def _id(recorded: Recorded) -> str:
    return str(recorded.event.id)


@IDPS.on(*e.ADDED.values(), key=_id)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return IDPS.new(name=recorded.event.name, state=ACTIVE)


@IDPS.on(*e.CHANGED.values(), key=_id)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    name = recorded.event.name
    return row and (row.but() if name is None else row.but(name=name))


@IDPS.on(e.IdpRemoved, key=_id)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


IDPS.filters(idp_id_query="id", idp_name_query="name")
IDPS.forget_instance_on(InstanceRemoved)
