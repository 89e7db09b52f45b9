"""Organisations, with the domains that are proved to be theirs."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as e
from personae.actors.domain.org.state import Status
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.policy_family import event_of
from personae.projections.instances import INSTANCES
from personae.projections.kit import Condition, Row, Table, integer, lookup, text, text_list
from personae.projections.kit.expression import expression

ORGS = Table(
    "orgs",
    version=2,
    columns={
        "name": text(lower=True),
        "state": integer(),
        "primary_domain": text(),
        "domains": text_list(index=True),
        "naming": integer(),
        "default_org": lookup(INSTANCES, "default_org", by="instance_id"),
    },
)
"""``naming``: whether user names are unique within the organisation only, if it says so itself."""

PLAIN, SCOPED = 1, 2
"""What ``naming`` may be besides 0, which leaves it to the instance."""


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


@ORGS.on(*(event_of("org", DomainPolicy, does) for does in ("added", "changed")))
def _(row: Row | None, recorded: Recorded) -> Row | None:
    scoped = recorded.event.user_login_must_be_domain
    return row if scoped is None else row and row.but(naming=int(SCOPED if scoped else PLAIN))


@ORGS.on(event_of("org", DomainPolicy, "removed"))
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(naming=0)


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
