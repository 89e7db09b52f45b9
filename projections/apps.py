"""Applications of projects, with their OpenID Connect, API or SAML configuration."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import fields
from enum import IntEnum
from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.project.values import Status
from personae.projections.kit import Row, Table, integer, json, text


class Type(IntEnum):
    """What an application speaks; the numbers are the API's."""

    UNSPECIFIED = 0
    OIDC = 1
    API = 2
    SAML = 3


APPS = Table(
    "apps",
    version=3,
    columns={
        "project_id": text(),
        "id": text(index=True),
        "name": text(lower=True),
        "state": integer(),
        "type": integer(),
        "client_id": text(index=True),
        "entity_id": text(),
        "config": json(),
    },
    key=("project_id", "id"),
)
"""``config`` holds what the event of the configuration says, without secrets, by field."""

NOT_SHOWN = {"app_id", "client_id", "hashed_secret"}


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.app_id


@APPS.on(e.ApplicationAdded, key=_key)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return APPS.new(name=recorded.event.name, state=int(Status.ACTIVE))


@APPS.on(e.ApplicationChanged, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(name=recorded.event.name)


@APPS.on(e.ApplicationDeactivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


@APPS.on(e.ApplicationReactivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


@APPS.on(e.ApplicationRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


@APPS.on(e.OIDCConfigAdded, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and _configured(row, Type.OIDC, recorded.event)


@APPS.on(e.APIConfigAdded, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and _configured(row, Type.API, recorded.event)


@APPS.on(e.SAMLConfigAdded, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    shown = _shown(recorded.event)
    return row and row.but(type=int(Type.SAML), entity_id=shown.pop("entity_id"), config=shown)


@APPS.on(e.SAMLConfigChanged, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    shown = _shown(recorded.event)
    entity_id = shown.pop("entity_id", None) or (row and row.entity_id)
    return row and row.but(entity_id=entity_id, config={**row.config, **shown})


def _configured(row: Row, kind: Type, event: Any) -> Row:
    return row.but(type=int(kind), client_id=event.client_id, config=_shown(event))


@APPS.on(e.OIDCConfigChanged, e.APIConfigChanged, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(config={**row.config, **_shown(recorded.event)})


def _shown(event: Any) -> dict[str, Any]:
    given = {f.name: getattr(event, f.name) for f in fields(event) if f.name not in NOT_SHOWN}
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return int(value) if isinstance(value, IntEnum) else value


@APPS.on(e.OIDCSecretChanged, e.APISecretChanged, e.ApplicationKeyAdded, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but()


APPS.forget_on(e.ProjectRemoved, column="project_id")
APPS.forget_on(OrgRemoved, column="resource_owner")
APPS.forget_instance_on(InstanceRemoved)
APPS.filters(
    project_id_filter="project_id",
    name_filter="name",
    state_filter="state",
    type_filter="type",
    client_id_filter="client_id",
    entity_id_filter="entity_id",
)
