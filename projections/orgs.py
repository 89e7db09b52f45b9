"""Organisations, with the domains that are proved to be theirs."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as e
from personae.actors.domain.org.state import Status
from personae.projections.instances import INSTANCES
from personae.projections.kit import Condition, Row, Table, integer, lookup, text, text_list
from personae.projections.kit.expression import expression

ORGS = Table(
    "orgs",
    version=1,
    columns={
        "name": text(lower=True),
        "state": integer(),
        "primary_domain": text(),
        "domains": text_list(index=True),
        "default_org": lookup(INSTANCES, "default_org", by="instance_id"),
    },
)


@ORGS.on(e.OrgAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return ORGS.new(name=recorded.event.name, state=int(Status.ACTIVE))


@ORGS.on(e.OrgChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(name=recorded.event.name)


@ORGS.on(e.OrgDeactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


@ORGS.on(e.OrgReactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


@ORGS.on(e.OrgDomainVerified)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(domains=(*row.domains, recorded.event.domain))


@ORGS.on(e.OrgDomainRemoved)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(domains=tuple(d for d in row.domains if d != recorded.event.domain))


@ORGS.on(e.OrgPrimaryDomainSet)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(primary_domain=recorded.event.domain)


def is_default(_query: Any) -> Condition:
    """Return what the default organisation meets."""
    return Condition(f'{expression(ORGS, "default_org")} = t."id"')


ORGS.forget_on(e.OrgRemoved)
ORGS.forget_instance_on(InstanceRemoved)
ORGS.filters(
    name_query="name",
    domain_query="domains",
    state_query="state",
    id_query="id",
    default_query=is_default,
)
