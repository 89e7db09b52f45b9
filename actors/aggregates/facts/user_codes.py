"""What orders about codes of users must know: a new code, or whether the entered one is right."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hmac import compare_digest
from typing import TYPE_CHECKING

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.codes import SealedCode
from personae.actors.domain.instance.state import Generator, Instance
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user.code_facts import EnteredFacts, NewCodeFacts
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.state import User
from personae.actors.domain.values import Sealed
from personae.store.crypto import Area, CannotOpen
from personae.store.generated import GENERATORS

if TYPE_CHECKING:
    from personae.actors.aggregates.world import World

NAMES: Mapping[int, str] = {
    2: "verify_email_code",
    3: "verify_phone_code",
    5: "password_reset_code",
    6: "passwordless_init_code",
    8: "otp_sms",
    9: "otp_email",
    10: "invite_code",
}
"""Names of the secret generators by the numbers events give them."""

GENERATOR_OF = {
    c.SendEmailCode: 2,
    c.SendPhoneCode: 3,
    c.ResetPassword: 5,
    c.LinkPasskeyRegistration: 6,
    c.Invite: 10,
    c.InviteAgain: 10,
}
KIND_OF = {
    c.VerifyEmail: CodeKind.EMAIL,
    c.VerifyPhone: CodeKind.PHONE,
    c.VerifyInvite: CodeKind.INVITE,
}


async def own_or(permission: str, turn: Turn) -> None:
    """Refuse who is neither the user nor permitted to act on users of its organisation."""
    if turn.caller.user_id != turn.stream.id:
        await turn.may(permission, turn.owner)


@facts_for(c.SendEmailCode, c.SendPhoneCode, c.ResetPassword)
async def send(
    cmd: c.SendEmailCode | c.SendPhoneCode | c.ResetPassword, turn: Turn
) -> NewCodeFacts:
    if cmd.return_code:  # who reads a code of one's own proves nothing by entering it
        await turn.may("user.write", turn.owner)
    await own_or("user.write", turn)
    return await _made(cmd, turn, returned=cmd.return_code)


@facts_for(c.Invite)
async def invite(cmd: c.Invite, turn: Turn) -> NewCodeFacts:
    await turn.may("user.write", turn.owner)
    return await _made(cmd, turn, returned=cmd.return_code)


@facts_for(c.InviteAgain)
async def invite_again(cmd: c.InviteAgain, turn: Turn) -> NewCodeFacts:
    await turn.may("user.write", turn.owner)
    return await _made(cmd, turn, returned=False)


@facts_for(c.LinkPasskeyRegistration)
async def link_passkey(cmd: c.LinkPasskeyRegistration, turn: Turn) -> NewCodeFacts:
    await turn.may("user.passkey.write", turn.owner)
    return await _made(cmd, turn, returned=cmd.return_code)


async def _made(cmd: object, turn: Turn, *, returned: bool) -> NewCodeFacts:
    plain, code = new_code(GENERATOR_OF[type(cmd)], await turn.instance(), turn)
    return NewCodeFacts(now=turn.now(), code=code, secrets={"code": plain} if returned else {})


def new_code(number: int, instance: Instance, turn: Turn) -> tuple[str, SealedCode]:
    """Make a code by the instance's generator, else by the one every instance starts with."""
    generator = instance.generators.get(number)
    if generator is None:
        usual = GENERATORS[NAMES[number]]
        expiry = nanoseconds(usual.expiry) if usual.expiry else 0
        generator = Generator(
            usual.length, expiry, usual.lower, usual.upper, usual.digits, usual.symbols
        )
    return turn.world.code(generator, turn.caller.instance_id)


@facts_for(c.VerifyEmail, c.VerifyPhone, c.VerifyInvite)
async def enter(cmd: c.VerifyEmail | c.VerifyPhone | c.VerifyInvite, turn: Turn) -> EnteredFacts:
    await own_or("user.write", turn)
    return EnteredFacts(now=turn.now(), right=is_right(KIND_OF[type(cmd)], cmd.code, turn))


def is_right(kind: CodeKind, entered: str, turn: Turn) -> bool:
    """Say whether what was entered is the user's pending code of a kind."""
    user: User = turn.state
    pending = user.codes.get(kind)
    return pending is not None and equals(pending.code, entered, turn)


def equals(sealed: Sealed | None, entered: str, turn: Turn) -> bool:
    """Compare what was entered with a sealed code, in constant time."""
    return matches(sealed, entered, turn.world, turn.caller.instance_id)


def matches(sealed: Sealed | None, entered: str, world: World, instance_id: str) -> bool:
    """Compare what was entered with a sealed code, in constant time."""
    if sealed is not None:
        with suppress(CannotOpen):
            plain = world.keyring.open(Area.USER, sealed, instance_id)
            return compare_digest(plain, entered.strip().encode())
    return False
