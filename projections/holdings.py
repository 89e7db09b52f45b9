"""What organisations own, to be tidied up when they are removed; therefore kept beyond that."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.project.events import ProjectAdded, ProjectRemoved
from personae.actors.domain.user.events import (
    HumanAdded,
    HumanRegistered,
    MachineAdded,
    UserRemoved,
)
from personae.actors.domain.user_grant.events import (
    UserGrantAdded,
    UserGrantCascadeRemoved,
    UserGrantRemoved,
)
from personae.projections.kit import Row, Table, text

HOLDINGS = Table("holdings", version=1, columns={"kind": text(), "id": text()}, key=("kind", "id"))
"""``kind`` is that of the aggregate: user, project or usergrant."""

BEGIN = (HumanAdded, HumanRegistered, MachineAdded, ProjectAdded, UserGrantAdded)
END = (UserRemoved, ProjectRemoved, UserGrantRemoved, UserGrantCascadeRemoved)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.type, recorded.stream.id


@HOLDINGS.on(*BEGIN, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> Row:
    return HOLDINGS.new()


@HOLDINGS.on(*END, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


HOLDINGS.forget_instance_on(InstanceRemoved)
