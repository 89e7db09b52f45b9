"""Public keys and personal access tokens of machine users; never the secrets themselves."""

from __future__ import annotations

from collections.abc import Callable

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.user import events as e
from personae.projections.kit import Row, Table, text, timestamp

COLUMNS = {"user_id": text(), "id": text(index=True), "expires": timestamp()}
FILTERS = {
    "user_id_filter": "user_id",
    "organization_id_filter": "resource_owner",
    "created_date_filter": "creation_date",
    "expiration_date_filter": "expires",
}

MACHINE_KEYS = Table("machine_keys", version=1, columns=COLUMNS, key=("user_id", "id"))
ACCESS_TOKENS = Table("access_tokens", version=1, columns=COLUMNS, key=("user_id", "id"))


def _by(field: str) -> Callable[[Recorded], tuple[str, str]]:
    return lambda recorded: (recorded.stream.id, getattr(recorded.event, field))


@MACHINE_KEYS.on(e.MachineKeyAdded, key=_by("key_id"))
def _(_row: Row | None, recorded: Recorded) -> Row:
    return MACHINE_KEYS.new(expires=recorded.event.expiration_date)


@ACCESS_TOKENS.on(e.PersonalAccessTokenAdded, key=_by("token_id"))
def _(_row: Row | None, recorded: Recorded) -> Row:
    return ACCESS_TOKENS.new(expires=recorded.event.expiration)


@MACHINE_KEYS.on(e.MachineKeyRemoved, key=_by("key_id"))
@ACCESS_TOKENS.on(e.PersonalAccessTokenRemoved, key=_by("token_id"))
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


MACHINE_KEYS.filters(key_id_filter="id", **FILTERS)
ACCESS_TOKENS.filters(token_id_filter="id", **FILTERS)  # noqa: S106 — a filter and its column
for table in (MACHINE_KEYS, ACCESS_TOKENS):
    table.forget_on(e.UserRemoved, column="user_id")
    table.forget_on(OrgRemoved, column="resource_owner")
    table.forget_instance_on(InstanceRemoved)
