"""Instances: what questions about their organisations and users hang on."""

from __future__ import annotations

from personae.actors.domain.instance import events as e
from personae.actors.domain.kit import Recorded
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.policy_family import event_of
from personae.projections.kit import Row, Table, boolean, text

INSTANCES = Table(
    "instances",
    version=1,
    columns={
        "name": text(),
        "default_org": text(),
        "project_id": text(),
        "scoped_user_names": boolean(),
    },
)


@INSTANCES.on(e.InstanceAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return INSTANCES.new(name=recorded.event.name)


@INSTANCES.on(e.InstanceChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(name=recorded.event.name)


@INSTANCES.on(e.DefaultOrgSet)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(default_org=recorded.event.org_id)


@INSTANCES.on(e.IAMProjectSet)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(project_id=recorded.event.project_id)


@INSTANCES.on(event_of("instance", DomainPolicy, "added"))
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(scoped_user_names=recorded.event.user_login_must_be_domain)


INSTANCES.forget_on(e.InstanceRemoved)
