"""What commands to instances must know."""

from __future__ import annotations

from personae.actors.aggregates.facts.org import generated_domain
from personae.actors.aggregates.keys import public_key_or_pair
from personae.actors.aggregates.signing_keys import make_key_pair
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.instance import commands as c
from personae.actors.domain.instance import idps, providers
from personae.actors.domain.instance.facts import InstanceMemberFacts, SetUpFacts
from personae.actors.domain.instance.provider import Channel
from personae.actors.domain.kit import Facts
from personae.actors.domain.org.facts import AddOrgFacts
from personae.actors.domain.policies import Policies
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.decide.password import check_complexity
from personae.actors.domain.user.facts import HumanFacts, KeyFacts, NamingFacts
from personae.actors.domain.user.values import Naming
from personae.actors.domain.web_key.facts import KeyPairFacts
from personae.store.crypto import Area


@facts_for(c.SetUpInstance)
async def set_up(cmd: c.SetUpInstance, turn: Turn) -> SetUpFacts:
    await turn.may("system.instance.write")
    world, now = turn.world, turn.now()
    users = {each.user_id: await _user_facts(cmd, each, turn) for each in cmd.users}
    keys, secrets = {}, {}
    for each in cmd.users:
        if each.key:
            public, private = await public_key_or_pair(each.key.public_key, world)
            keys[each.user_id] = KeyFacts(now=now, public_key=public)
            secrets[f"{each.user_id}:private_key"] = private
    pairs = {}
    for order in cmd.web_keys:
        sealed, jwk = await make_key_pair(order, world)
        pairs[order.key_id] = KeyPairFacts(now=now, private_key=sealed, public_key=jwk)
    org = AddOrgFacts(
        now=now,
        instance_id=cmd.instance_id,
        domain=generated_domain(cmd.org_name, cmd.org_id, cmd.domain),
        known_roles=world.known_roles("ORG_"),
    )
    return SetUpFacts(
        now=now,
        org=org,
        users=users,
        keys=keys,
        web_keys=pairs,
        known_roles=world.known_roles("IAM_"),
        secrets=secrets,
    )


async def _user_facts(cmd: c.SetUpInstance, first: c.FirstUser, turn: Turn) -> NamingFacts:
    policies: Policies = cmd.policies
    naming = Naming(cmd.org_id, scoped=policies.domain.user_login_must_be_domain)
    if not isinstance(first.user, AddHuman):
        return NamingFacts(now=turn.now(), naming=naming)
    password = first.user.password
    hashed = ""
    if password:
        check_complexity(password, policies.complexity)
        hashed = password.encoded_hash or await turn.world.hash(password.plain)
    return HumanFacts(
        now=turn.now(), naming=naming, complexity=policies.complexity, password_hash=hashed
    )


@facts_for(c.AddInstanceDomain, c.RemoveInstanceDomain)
async def domain(_cmd: object, turn: Turn) -> Facts:
    await turn.may("system.domain.write")
    return Facts(now=turn.now())


@facts_for(c.RemoveInstance)
async def remove(_cmd: c.RemoveInstance, turn: Turn) -> Facts:
    await turn.may("system.instance.delete")
    return Facts(now=turn.now())


@facts_for(c.ChangeInstance, c.AddTrustedDomain, c.RemoveTrustedDomain)
async def change(_cmd: object, turn: Turn) -> Facts:
    await turn.may_any("system.instance.write", "iam.write")
    return Facts(now=turn.now())


@facts_for(c.ChangePolicy, c.ActivateLabel, c.SetLoginTranslation)
async def policy(_cmd: object, turn: Turn) -> Facts:
    await turn.may("iam.policy.write")
    return Facts(now=turn.now())


@facts_for(c.AddInstanceMember)
async def member(cmd: c.AddInstanceMember, turn: Turn) -> InstanceMemberFacts:
    await turn.may("iam.member.write")
    return InstanceMemberFacts(
        now=turn.now(),
        known_roles=turn.world.known_roles("IAM_"),
        user_exists=(await turn.user(cmd.user_id)).exists,
    )


AREAS = {Channel.EMAIL: Area.SMTP, Channel.SMS: Area.SMS}
"""What secrets of providers are sealed for."""


@facts_for(providers.AddProvider)
async def add_provider(cmd: providers.AddProvider, turn: Turn) -> providers.ProviderFacts:
    await turn.may("iam.write")
    secret = None
    if cmd.secret:
        secret = turn.world.seal(AREAS[cmd.channel], cmd.secret, turn.caller.instance_id)
    return providers.ProviderFacts(now=turn.now(), secret=secret)


@facts_for(providers.ActivateProvider, providers.DeactivateProvider, providers.RemoveProvider)
async def provider(_cmd: object, turn: Turn) -> Facts:
    await turn.may("iam.write")
    return Facts(now=turn.now())


@facts_for(idps.AddIdp, idps.ChangeIdp)
async def keep_idp(cmd: idps.AddIdp | idps.ChangeIdp, turn: Turn) -> idps.IdpFacts:
    await turn.may("iam.idp.write")
    secret = None
    if cmd.secret:
        secret = turn.world.seal(Area.IDENTITY_PROVIDER, cmd.secret, turn.caller.instance_id)
    return idps.IdpFacts(now=turn.now(), secret=secret)


@facts_for(idps.RemoveIdp)
async def remove_idp(_cmd: idps.RemoveIdp, turn: Turn) -> Facts:
    await turn.may("iam.idp.write")
    return Facts(now=turn.now())


@facts_for(idps.OfferIdp, idps.WithdrawIdp)
async def offer_idp(_cmd: object, turn: Turn) -> Facts:
    await turn.may("iam.policy.write")
    return Facts(now=turn.now())
