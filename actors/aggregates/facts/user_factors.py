"""What orders about factors of users must know."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from personae.actors.aggregates import recovery, totp
from personae.actors.aggregates.facts.user_codes import equals, own_or
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.idp.refusals import NOT_FOUND as IDP_NOT_FOUND
from personae.actors.domain.kit import Facts
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.factor_facts import (
    OtpFacts,
    RecoveryCodesFacts,
    RecoveryFacts,
    TotpFacts,
    TotpSecretFacts,
)
from personae.actors.domain.user.factors import IdpLink
from personae.actors.domain.user.state import User
from personae.store.crypto import Area, CannotOpen


@facts_for(c.RegisterTotp)
async def register_totp(_cmd: c.RegisterTotp, turn: Turn) -> TotpSecretFacts:
    await own_or("user.credential.write", turn)
    secret, user = totp.new_secret(), turn.state
    uri = totp.uri(secret, user.user_name, turn.world.external_domain)
    sealed = turn.world.seal(Area.OTP, secret, turn.caller.instance_id)
    return TotpSecretFacts(now=turn.now(), secret=sealed, secrets={"secret": secret, "uri": uri})


@facts_for(c.VerifyTotp)
async def verify_totp(cmd: c.VerifyTotp, turn: Turn) -> TotpFacts:
    await own_or("user.credential.write", turn)
    return await _stepped(cmd.code, turn)


# Codes are compared in the user's own mailbox, as passwords are: each guess sees the failures
# before it, so that guessing in parallel, through many sessions, cannot outrun the lockout.
@facts_for(c.CheckTotp)
async def check_totp(cmd: c.CheckTotp, turn: Turn) -> TotpFacts:
    return await _stepped(cmd.code, turn)


async def _stepped(code: str, turn: Turn) -> TotpFacts:
    user: User = turn.state
    secret = user.human.totp.secret if user.human and user.human.totp else None
    step = 0
    if secret is not None:
        with suppress(CannotOpen, ValueError):  # of an older history: other keys, or too short
            opened = turn.world.keyring.open(Area.OTP, secret, turn.caller.instance_id)
            step = totp.step_of(opened.decode(), code, turn.now())
    return TotpFacts(now=turn.now(), step=step, lockout=await _lockout(turn))


@facts_for(c.CheckOtp)
async def check_otp(cmd: c.CheckOtp, turn: Turn) -> OtpFacts:
    right = equals(cmd.code, cmd.entered, turn)
    return OtpFacts(now=turn.now(), right=right, lockout=await _lockout(turn))


@facts_for(c.GenerateRecoveryCodes)
async def generate_recovery_codes(cmd: c.GenerateRecoveryCodes, turn: Turn) -> RecoveryCodesFacts:
    await own_or("user.credential.write", turn)
    codes = [recovery.make() for _ in range(cmd.count)]
    return RecoveryCodesFacts(
        now=turn.now(),
        hashes=tuple(recovery.hashed(code) for code in codes),
        secrets={"codes": " ".join(codes)},
    )


@facts_for(c.CheckRecoveryCode)
async def check_recovery_code(cmd: c.CheckRecoveryCode, turn: Turn) -> RecoveryFacts:
    user: User = turn.state
    matched = recovery.match(user.human.recovery_codes, cmd.code) if user.human else ""
    return RecoveryFacts(now=turn.now(), matched=matched, lockout=await _lockout(turn))


@facts_for(c.RemoveTotp, c.AddOtp, c.RemoveOtp, c.RemoveRecoveryCodes)
async def switch(_cmd: object, turn: Turn) -> Facts:
    await own_or("user.credential.write", turn)
    return Facts(now=turn.now())


@facts_for(c.AddIdpLink)
async def add_link(cmd: c.AddIdpLink, turn: Turn) -> Facts:
    # Not for oneself: nothing here proves that the account elsewhere is one's own.
    await turn.may("user.write", turn.owner)
    await check_links((cmd.link,), turn)
    return Facts(now=turn.now())


async def check_links(links: Sequence[IdpLink], turn: Turn) -> None:
    """Refuse links to providers that do not exist."""
    known = (await turn.instance()).idps if links else {}
    if any(link.idp_id not in known for link in links):
        raise IDP_NOT_FOUND()


@facts_for(c.RemoveIdpLink)
async def remove_link(_cmd: c.RemoveIdpLink, turn: Turn) -> Facts:
    await own_or("user.write", turn)
    return Facts(now=turn.now())


async def _lockout(turn: Turn) -> LockoutPolicy:
    return (await turn.policies(turn.owner)).lockout
