"""Domains of organisations, proved to be theirs or not yet."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as e
from personae.projections.kit import Row, Table, boolean, integer, lookup, text
from personae.projections.orgs import ORGS

ORG_DOMAINS = Table(
    "org_domains",
    version=1,
    columns={
        "org_id": text(),
        "domain": text(lower=True),
        "verified": boolean(),
        "validation_type": integer(),
        "primary_domain": lookup(ORGS, "primary_domain", by="org_id"),
    },
    key=("org_id", "domain"),
)
"""``primary_domain`` is that of the organisation, which is one of its rows here."""


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.domain


@ORG_DOMAINS.on(e.OrgDomainAdded, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> Row:
    return ORG_DOMAINS.new()


@ORG_DOMAINS.on(e.OrgDomainVerificationAdded, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(validation_type=int(recorded.event.validation_type))


@ORG_DOMAINS.on(e.OrgDomainVerified, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(verified=True)


@ORG_DOMAINS.on(e.OrgDomainRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


ORG_DOMAINS.forget_on(e.OrgRemoved, column="org_id")
ORG_DOMAINS.forget_instance_on(InstanceRemoved)
ORG_DOMAINS.filters(domain_filter="domain")
