"""Domains of instances: the hosts they answer to, and those they trust as public hosts."""

from __future__ import annotations

from personae.actors.domain.instance import events as e
from personae.actors.domain.kit import Recorded
from personae.projections.kit import Row, Table, UpdateWhere, boolean, text

INSTANCE_DOMAINS = Table(
    "instance_domains",
    version=1,
    columns={"domain": text(lower=True), "is_primary": boolean(), "generated": boolean()},
    key=("domain",),
)
TRUSTED_DOMAINS = Table(
    "trusted_domains", version=1, columns={"domain": text(lower=True)}, key=("domain",)
)


def _domain(recorded: Recorded) -> str:
    return str(recorded.event.domain)


@INSTANCE_DOMAINS.on(e.InstanceDomainAdded, key=_domain)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return INSTANCE_DOMAINS.new(generated=recorded.event.generated)


@INSTANCE_DOMAINS.across(e.InstancePrimaryDomainSet)
def _(_recorded: Recorded) -> UpdateWhere:
    return UpdateWhere({"is_primary": True}, {"is_primary": False})


@INSTANCE_DOMAINS.on(e.InstancePrimaryDomainSet, key=_domain)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(is_primary=True)


@TRUSTED_DOMAINS.on(e.TrustedDomainAdded, key=_domain)
def _(_row: Row | None, _recorded: Recorded) -> Row:
    return TRUSTED_DOMAINS.new()


@INSTANCE_DOMAINS.on(e.InstanceDomainRemoved, key=_domain)
@TRUSTED_DOMAINS.on(e.TrustedDomainRemoved, key=_domain)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


INSTANCE_DOMAINS.filters(
    domain_filter="domain", generated_filter="generated", primary_filter="is_primary"
)
TRUSTED_DOMAINS.filters(domain_filter="domain")
for table in (INSTANCE_DOMAINS, TRUSTED_DOMAINS):
    table.forget_instance_on(e.InstanceRemoved)
