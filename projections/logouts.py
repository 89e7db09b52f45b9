"""Sessions whose clients must still hear of their end, or will have to once they end."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.session.events import SessionTerminated
from personae.actors.domain.session_logout import events as e
from personae.projections.kit import Row, Table, integer

LOGOUTS = Table("logouts", version=1, columns={"waiting": integer(), "ended": integer(index=True)})
"""``waiting``: how many clients have not heard; ``ended``: 1 once the session is."""


@LOGOUTS.on(e.LogoutRegistered)
def _(row: Row | None, _recorded: Recorded) -> Row:
    return row.but(waiting=row.waiting + 1) if row else LOGOUTS.new(waiting=1, ended=0)


@LOGOUTS.on(SessionTerminated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(ended=1)


@LOGOUTS.on(e.LogoutSent)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row.but(waiting=row.waiting - 1) if row and row.waiting > 1 else None


LOGOUTS.forget_instance_on(InstanceRemoved)
