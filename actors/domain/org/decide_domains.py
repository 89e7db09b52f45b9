"""What follows from orders to the domains of an organisation, and to its metadata."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import events as e
from personae.actors.domain.org import refusals
from personae.actors.domain.org.decide import existing
from personae.actors.domain.org.facts import DomainFacts, ProofFacts
from personae.actors.domain.org.state import ORG, ORG_DOMAINS, Org
from personae.actors.domain.org.values import checked_domain


@ORG.decides(c.AddOrgDomain)
def add(org: Org, cmd: c.AddOrgDomain, facts: DomainFacts) -> Decisions:
    domain = checked_domain(cmd.domain)
    if domain in existing(org).domains:
        raise refusals.DOMAIN_EXISTS()
    yield e.OrgDomainAdded(domain=domain)
    if not facts.must_prove:
        yield from _verified(domain)


@ORG.decides(c.RemoveOrgDomain)
def remove(org: Org, cmd: c.RemoveOrgDomain, _facts: Facts) -> Decisions:
    verified = _known(org, cmd.domain)
    if cmd.domain == org.primary_domain:
        raise refusals.DOMAIN_PRIMARY()
    if verified:
        yield Release(ORG_DOMAINS, cmd.domain)
    yield e.OrgDomainRemoved(domain=cmd.domain, verified=verified)


@ORG.decides(c.AskOrgDomainProof)
def ask(org: Org, cmd: c.AskOrgDomainProof, facts: ProofFacts) -> Decisions:
    if _known(org, cmd.domain):
        raise refusals.DOMAIN_VERIFIED()
    yield e.OrgDomainVerificationAdded(
        domain=cmd.domain, validation_type=cmd.type, validation_code=facts.code
    )


@ORG.decides(c.VerifyOrgDomain)
def verify(org: Org, cmd: c.VerifyOrgDomain, _facts: Facts) -> Decisions:
    if _known(org, cmd.domain):
        raise refusals.DOMAIN_VERIFIED()
    if org.validations.get(cmd.domain) != cmd.asked:
        raise CONTENDED()  # another challenge was made while this one was looked for
    if cmd.proved:
        yield from _verified(cmd.domain)
    else:
        yield e.OrgDomainVerificationFailed(domain=cmd.domain)
        yield refusals.DOMAIN_UNPROVED()


def _verified(domain: str) -> Decisions:
    yield Claim(ORG_DOMAINS, domain, refusals.DOMAIN_TAKEN)
    yield e.OrgDomainVerified(domain=domain)


def _known(org: Org, domain: str) -> bool:
    """Return whether a domain is verified, or refuse when it is none of the organisation's."""
    if domain not in existing(org).domains:
        raise refusals.DOMAIN_NOT_FOUND()
    return org.domains[domain]


@ORG.decides(c.SetOrgMetadata)
def set_metadata(org: Org, cmd: c.SetOrgMetadata, _facts: Facts) -> Decisions:
    existing(org)
    if not cmd.entries:
        raise refusals.METADATA_EMPTY()
    for name, value in cmd.entries.items():
        yield e.OrgMetadataSet(key=name, value=value)


@ORG.decides(c.RemoveOrgMetadata)
def remove_metadata(org: Org, cmd: c.RemoveOrgMetadata, _facts: Facts) -> Decisions:
    existing(org)
    if not cmd.keys:
        raise refusals.METADATA_EMPTY()
    if not set(cmd.keys) <= org.metadata:
        raise refusals.METADATA_NOT_FOUND()
    for name in dict.fromkeys(cmd.keys):
        yield e.OrgMetadataRemoved(key=name)
