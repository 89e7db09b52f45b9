"""What commands to users must know."""

from __future__ import annotations

from personae.actors.aggregates import totp
from personae.actors.aggregates.facts.owners import an_owner_stays
from personae.actors.aggregates.facts.user_codes import is_right, own_or
from personae.actors.aggregates.facts.user_factors import check_links
from personae.actors.aggregates.keys import public_key_or_pair
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.codes import SealedCode
from personae.actors.domain.instance.state import Generator, Instance
from personae.actors.domain.kit import Facts, replace
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.org.state import ORG_DOMAINS
from personae.actors.domain.policies import PasswordComplexityPolicy, Policies
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import refusals
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.decide.password import LONGEST, check_complexity, checkable
from personae.actors.domain.user.facts import (
    HumanFacts,
    KeyFacts,
    NamingFacts,
    PasswordFacts,
    SecretFacts,
)
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import Naming, NewContact, NewPassword
from personae.store.crypto import Area
from personae.store.generated import GENERATORS, fast_hash
from personae.store.passwords import check_import

EMAIL_CODE, PHONE_CODE = 2, 3
"""Secret generator types of the codes that verify an address and a number."""

USUAL_CODE = Generator(6, 3600 * 10**9, lower=False, upper=True, digits=True, symbols=False)
"""For instances whose history set no generator: six characters that live for an hour."""


@facts_for(c.AddHuman)
async def add_human(cmd: c.AddHuman, turn: Turn) -> HumanFacts:
    await _may_create(cmd.org_id, turn)
    return await new_human_facts(cmd, turn)


async def new_human_facts(cmd: c.AddHuman, turn: Turn) -> HumanFacts:
    """Gather what creating a human needs, with all that the order says of it."""
    await check_links(cmd.links, turn)
    facts = await human_facts(
        cmd.user_name, cmd.email, cmd.phone, cmd.password, turn, org_id=cmd.org_id
    )
    if not cmd.totp_secret:
        return facts
    if not totp.is_secret(cmd.totp_secret):
        raise refusals.TOTP_SECRET_INVALID()
    sealed = turn.world.seal(Area.OTP, cmd.totp_secret, turn.caller.instance_id)
    return replace(facts, totp_secret=sealed)


@facts_for(c.GiveUpDomain)
async def give_up_domain(_cmd: c.GiveUpDomain, turn: Turn) -> NamingFacts:
    user: User = turn.state
    await turn.may("user.write", turn.owner)
    return await _naming(user.user_name, turn.owner, turn)


@facts_for(c.AddMachine)
async def add_machine(cmd: c.AddMachine, turn: Turn) -> NamingFacts:
    await _may_create(cmd.org_id, turn)
    return await _naming(cmd.user_name, cmd.org_id, turn)


async def _may_create(org_id: str, turn: Turn) -> None:
    await turn.may("user.write", org_id)
    org = await turn.org(org_id)
    if not org.exists:
        raise org_refusals.NOT_FOUND()
    if not org.active:
        raise org_refusals.NOT_ACTIVE()


@facts_for(c.UpdateHuman)
async def update_human(cmd: c.UpdateHuman, turn: Turn) -> HumanFacts:
    by_self = turn.caller.user_id == turn.stream.id
    permitted = await turn.allows("user.write", turn.owner)
    if not permitted and (not by_self or _vouches_for_itself(cmd)):
        await turn.may("user.write", turn.owner)
    by_code = cmd.password is not None and bool(cmd.password_code)
    right = by_code and is_right(CodeKind.PASSWORD, cmd.password_code, turn)
    # Who has no right code is told nothing of the new password, and nothing is hashed for them.
    password = cmd.password if right or not by_code else None
    email, phone = _to_prove(cmd, turn.state)
    facts = await human_facts(cmd.user_name, email, phone, password, turn)
    if cmd.password is None:
        return facts
    if by_code:
        return replace(facts, code_right=right, password_same=right and await _same(cmd, turn))
    return await _password_proof(cmd, facts, turn, needs_proof=by_self and not permitted)


def _to_prove(cmd: c.UpdateHuman, user: User) -> tuple[NewContact | None, NewContact | None]:
    """Return the new address and number, less what is verified already: no code is for that."""
    email, phone, human = cmd.email, cmd.phone, user.human
    if human and email and human.email.verified and email.value == human.email.value:
        email = None
    if human and phone and human.phone.verified and phone.value == human.phone.value:
        phone = None
    return email, phone


def _vouches_for_itself(cmd: c.UpdateHuman) -> bool:
    """Say whether people claim more than they may about themselves.

    They must prove an address or number: neither declare it verified nor see its code. Nor do they
    rename themselves, write what others keep about them, or bring a hash that hides how weak the
    password is.
    """
    contacts = (cmd.email, cmd.phone)
    hidden = bool(cmd.password and cmd.password.encoded_hash)
    return (
        hidden
        or bool(cmd.metadata)
        or cmd.user_name is not None
        or any(contact and (contact.verified or contact.return_code) for contact in contacts)
    )


async def _password_proof(
    cmd: c.UpdateHuman, facts: HumanFacts, turn: Turn, *, needs_proof: bool
) -> HumanFacts:
    """Compare the passwords given; a wrong current one counts like any other guess."""
    if cmd.current_password:
        current = checkable(turn.state).password_hash
        if not (await turn.world.verify(current, cmd.current_password)).ok:
            lockout = (await turn.policies(turn.owner)).lockout
            return replace(facts, wrong_guess=lockout)
    elif needs_proof:
        return replace(facts, password_proved=False)
    return replace(facts, password_same=await _same(cmd, turn))


async def _same(cmd: c.UpdateHuman, turn: Turn) -> bool:
    """Say whether the new password is the current one."""
    human = turn.state.human
    current, plain = (
        human.password_hash if human else "",
        cmd.password.plain if cmd.password else "",
    )
    return bool(current and plain) and (await turn.world.verify(current, plain)).ok


@facts_for(c.UpdateMachine)
async def update_machine(cmd: c.UpdateMachine, turn: Turn) -> NamingFacts:
    await turn.may("user.write", turn.owner)
    return await _naming(cmd.user_name, turn.owner, turn)


@facts_for(c.RemoveUser)
async def remove(_cmd: c.RemoveUser, turn: Turn) -> NamingFacts:
    if turn.caller.user_id != turn.stream.id or not await turn.allows(
        "user.self.delete", turn.owner
    ):
        await turn.may("user.delete", turn.owner)
    await an_owner_stays(turn, user_id=turn.stream.id)
    return await _naming(None, turn.owner, turn)


@facts_for(c.SkipMfaSetup, c.GiveConsent, c.WithdrawConsent)
async def own_affair(_cmd: object, turn: Turn) -> Facts:
    await own_or("user.write", turn)
    return Facts(now=turn.now())


@facts_for(c.DeactivateUser, c.LockUser)
async def suspend(_cmd: object, turn: Turn) -> Facts:
    await turn.may("user.write", turn.owner)
    await an_owner_stays(turn, user_id=turn.stream.id)
    return Facts(now=turn.now())


@facts_for(c.ReactivateUser, c.UnlockUser, c.SetMetadata, c.RemoveMetadata)
async def lifecycle(_cmd: object, turn: Turn) -> Facts:
    await turn.may("user.write", turn.owner)
    return Facts(now=turn.now())


@facts_for(c.CheckPassword)
async def check_password(cmd: c.CheckPassword, turn: Turn) -> PasswordFacts:
    # The user's own mailbox makes wrong guesses queue up: each sees the failures before it, so
    # parallel guessing cannot outrun the lockout.
    human = checkable(turn.state)
    policies = await turn.policies(turn.owner)
    if len(cmd.password) > LONGEST:
        return PasswordFacts(now=turn.now(), right=False, lockout=policies.lockout)
    verdict = await turn.world.verify(human.password_hash, cmd.password)
    rehash = ""
    if verdict.ok and verdict.needs_rehash:
        rehash = await turn.world.hash(cmd.password)
    return PasswordFacts(now=turn.now(), right=verdict.ok, lockout=policies.lockout, rehash=rehash)


@facts_for(c.SetMachineSecret)
async def set_secret(_cmd: c.SetMachineSecret, turn: Turn) -> SecretFacts:
    await turn.may("user.write", turn.owner)
    secret = GENERATORS["app_secret"].make()
    return SecretFacts(
        now=turn.now(), hashed_secret=fast_hash(secret), secrets={"client_secret": secret}
    )


@facts_for(c.AddMachineKey)
async def add_key(cmd: c.AddMachineKey, turn: Turn) -> KeyFacts:
    await turn.may("user.write", turn.owner)
    public, private = await public_key_or_pair(cmd.public_key, turn.world)
    secrets = {"private_key": private} if private else {}
    return KeyFacts(now=turn.now(), public_key=public, secrets=secrets)


@facts_for(
    c.RemoveMachineSecret,
    c.RemoveMachineKey,
    c.AddPersonalAccessToken,
    c.RemovePersonalAccessToken,
)
async def credentials(_cmd: object, turn: Turn) -> Facts:
    await turn.may("user.write", turn.owner)
    return Facts(now=turn.now())


async def human_facts(
    user_name: str | None,
    email: NewContact | None,
    phone: NewContact | None,
    password: NewPassword | None,
    turn: Turn,
    *,
    org_id: str = "",
) -> HumanFacts:
    """Gather what creating or changing a human needs; codes only where something is unproved."""
    instance = await turn.instance()
    policies = await turn.policies(org_id or turn.owner)
    naming = await _naming(user_name, org_id or turn.owner, turn, policies)
    secrets: dict[str, str] = {}
    complexity = policies.complexity
    return HumanFacts(
        now=naming.now,
        naming=naming.naming,
        domain_reserved=naming.domain_reserved,
        complexity=complexity,
        password_hash=await _hashed(password, complexity, turn),
        email_code=_code(
            email, EMAIL_CODE, "email_code", secrets=secrets, instance=instance, turn=turn
        ),
        phone_code=_code(
            phone, PHONE_CODE, "phone_code", secrets=secrets, instance=instance, turn=turn
        ),
        secrets=secrets,
    )


async def _hashed(
    password: NewPassword | None, complexity: PasswordComplexityPolicy, turn: Turn
) -> str:
    if password is None:
        return ""
    if password.encoded_hash:
        check_import(password.encoded_hash)
        return password.encoded_hash
    check_complexity(password, complexity)  # refuse before the costly part
    return await turn.world.hash(password.plain)


def _code(
    contact: NewContact | None,
    generator_type: int,
    name: str,
    *,
    secrets: dict[str, str],
    instance: Instance,
    turn: Turn,
) -> SealedCode | None:
    if contact is None or contact.verified or not contact.value:
        return None
    generator = instance.generators.get(generator_type, USUAL_CODE)
    plain, sealed = turn.world.code(generator, turn.caller.instance_id)
    if contact.return_code:
        secrets[name] = plain
    return sealed


async def _naming(
    user_name: str | None, org_id: str, turn: Turn, policies: Policies | None = None
) -> NamingFacts:
    policy = (policies or await turn.policies(org_id)).domain
    reserved = False
    if user_name and "@" in user_name and not policy.user_login_must_be_domain:
        domain = user_name.rsplit("@", 1)[1].strip().lower()
        reserved = await turn.holder(ORG_DOMAINS, domain) not in {None, org_id}
    naming = Naming(org_id, scoped=policy.user_login_must_be_domain)
    return NamingFacts(now=turn.now(), naming=naming, domain_reserved=reserved)
