"""What commands to organisations must know."""

from __future__ import annotations

import re
import unicodedata

from personae.actors.aggregates.facts.owners import an_owner_stays
from personae.actors.aggregates.facts.user import new_human_facts
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts, name_of
from personae.actors.domain.org import commands as c
from personae.actors.domain.org.facts import (
    AddOrgFacts,
    DomainFacts,
    PolicyFacts,
    ProofFacts,
    RemoveOrgFacts,
)
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.events import HumanAdded, HumanRegistered, MachineAdded
from personae.store.crypto import Area
from personae.store.generated import GENERATORS

USERS_ADDED = [name_of(added) for added in (HumanAdded, HumanRegistered, MachineAdded)]
PAGE = 1000


@facts_for(c.AddOrg)
async def add_org(cmd: c.AddOrg, turn: Turn) -> AddOrgFacts:
    await turn.may("org.create")
    secrets: dict[str, str] = {}
    humans = {}
    for admin in cmd.admins:
        if admin.human:
            if (await turn.aggregate("user", admin.user_id)).version:
                raise user_refusals.ALREADY_EXISTS()
            facts = await new_human_facts(admin.human, turn)
            humans[admin.user_id] = facts
            secrets |= {f"{admin.user_id}:{name}": value for name, value in facts.secrets.items()}
    existing = [admin.user_id for admin in cmd.admins if admin.human is None]
    unknown = frozenset([each for each in existing if not (await turn.user(each)).exists])
    return AddOrgFacts(
        now=turn.now(),
        instance_id=turn.caller.instance_id,
        domain=generated_domain(cmd.name, cmd.org_id, turn.world.external_domain),
        known_roles=turn.world.known_roles("ORG_"),
        humans=humans,
        unknown_users=unknown,
        secrets=secrets,
    )


def generated_domain(org_name: str, org_id: str, external_domain: str) -> str:
    """Return the domain an organisation starts with: its name as a label below ours.

    A name without a letter that hosts may have is replaced by the id.
    """
    plain = unicodedata.normalize("NFKD", org_name).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")
    return f"{label or f'org-{org_id}'}.{external_domain}"


@facts_for(c.DeactivateOrg)
async def deactivate(_cmd: c.DeactivateOrg, turn: Turn) -> Facts:
    await turn.may("org.write", turn.stream.id)
    await an_owner_stays(turn, org_id=turn.stream.id)
    return Facts(now=turn.now())


@facts_for(c.ChangeOrg, c.ReactivateOrg)
async def change(_cmd: object, turn: Turn) -> Facts:
    await turn.may("org.write", turn.stream.id)
    return Facts(now=turn.now())


@facts_for(c.RemoveOrg)
async def remove(_cmd: c.RemoveOrg, turn: Turn) -> RemoveOrgFacts:
    await turn.may("org.delete", turn.stream.id)
    is_default = (await turn.instance()).default_org == turn.stream.id
    if not is_default:
        await an_owner_stays(turn, org_id=turn.stream.id)
    return RemoveOrgFacts(now=turn.now(), is_default=is_default)


@facts_for(c.AddOrgDomain)
async def add_domain(_cmd: c.AddOrgDomain, turn: Turn) -> DomainFacts:
    await turn.may("org.write", turn.stream.id)
    policy = (await turn.policies(turn.stream.id)).domain
    return DomainFacts(now=turn.now(), must_prove=policy.validate_org_domains)


@facts_for(c.AskOrgDomainProof)
async def ask_proof(_cmd: c.AskOrgDomainProof, turn: Turn) -> ProofFacts:
    await turn.may("org.write", turn.stream.id)
    token = GENERATORS["verify_domain"].make()
    code = turn.world.seal(Area.DOMAIN_VERIFICATION, token, turn.caller.instance_id)
    return ProofFacts(now=turn.now(), code=code, secrets={"token": token})


@facts_for(c.RemoveOrgDomain, c.VerifyOrgDomain, c.SetOrgMetadata, c.RemoveOrgMetadata)
async def write(_cmd: object, turn: Turn) -> Facts:
    await turn.may("org.write", turn.stream.id)
    return Facts(now=turn.now())


@facts_for(c.AddOrgPolicy, c.ChangeOrgPolicy, c.RemoveOrgPolicy)
async def policy(
    cmd: c.AddOrgPolicy | c.ChangeOrgPolicy | c.RemoveOrgPolicy, turn: Turn
) -> PolicyFacts:
    org_id = turn.stream.id
    kind = cmd.policy if isinstance(cmd, c.RemoveOrgPolicy) else type(cmd.policy)
    about_names = kind is DomainPolicy
    if about_names:
        await turn.may("iam.policy.write")  # how names are made concerns the whole instance
    else:
        right = "policy.delete" if isinstance(cmd, c.RemoveOrgPolicy) else "policy.write"
        await turn.may(right, org_id)
    return PolicyFacts(
        now=turn.now(),
        policies=await turn.policies(org_id),
        default=await turn.policies(""),
        has_users=about_names and await _has_users(org_id, turn),
    )


async def _has_users(org_id: str, turn: Turn) -> bool:
    """Say whether users were ever created there: their names are claimed, or may be again."""
    log, position = turn.world.log, 0
    while found := await log.after(turn.caller.instance_id, position, PAGE, USERS_ADDED):
        if any(each.owner == org_id for each in found):
            return True
        position = found[-1].position
    return False


@facts_for(c.ActivateOrgLabel)
async def label(_cmd: c.ActivateOrgLabel, turn: Turn) -> Facts:
    await turn.may("policy.write", turn.stream.id)
    return Facts(now=turn.now())


@facts_for(c.SetOrgLoginTranslation)
async def translation(_cmd: c.SetOrgLoginTranslation, turn: Turn) -> Facts:
    await turn.may("iam.policy.write")
    return Facts(now=turn.now())
