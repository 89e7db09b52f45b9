"""Security keys (U2F) and passkeys: WebAuthn credentials that differ in what they prove."""

from __future__ import annotations

from collections.abc import Mapping

from personae.actors.domain.kit import Decisions
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.code_events import (
    PasskeyCodeCheckFailed,
    PasskeyCodeCheckSucceeded,
)
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.decide.codes import human, spend
from personae.actors.domain.user.decide.otp import checkable
from personae.actors.domain.user.factor_facts import (
    AssertionFacts,
    CredentialFacts,
    RegistrationFacts,
)
from personae.actors.domain.user.factors import Authenticator
from personae.actors.domain.user.state import USER, Human, User


def authenticators(human: Human, *, passkey: bool) -> Mapping[str, Authenticator]:
    """Return a human's passkeys or security keys."""
    return human.passkeys if passkey else human.u2f


def _known(user: User, token_id: str, *, passkey: bool) -> Authenticator:
    found = authenticators(human(user), passkey=passkey).get(token_id)
    if found is None:
        raise refusals.AUTHENTICATOR_NOT_FOUND()
    return found


@USER.decides(c.RegisterAuthenticator)
def register(user: User, cmd: c.RegisterAuthenticator, facts: RegistrationFacts) -> Decisions:
    someone = human(user)
    if facts.code_right is not None:
        failed = PasskeyCodeCheckFailed(code_id=cmd.code_id)
        right, now = facts.code_right, facts.now
        if not (yield from spend(someone, CodeKind.PASSKEY, failed, right=right, now=now)):
            return
        yield PasskeyCodeCheckSucceeded(code_id=cmd.code_id)
    added = e.PasskeyAdded if cmd.passkey else e.U2fAdded
    yield added(token_id=cmd.token_id, challenge=facts.challenge, rp_id=cmd.rp_id)


@USER.decides(c.VerifyAuthenticator)
def verify(user: User, cmd: c.VerifyAuthenticator, facts: CredentialFacts) -> Decisions:
    if _known(user, cmd.token_id, passkey=cmd.passkey).verified:
        raise refusals.FACTOR_EXISTS()
    if not facts.key_id:
        raise refusals.CREDENTIAL_INVALID()
    verified = e.PasskeyVerified if cmd.passkey else e.U2fVerified
    yield verified(
        token_id=cmd.token_id,
        key_id=facts.key_id,
        public_key=facts.public_key,
        attestation_type=facts.attestation_type,
        aaguid=facts.aaguid,
        sign_count=facts.sign_count,
        name=cmd.name,
    )


@USER.decides(c.RemoveAuthenticator)
def remove(user: User, cmd: c.RemoveAuthenticator, _facts: object) -> Decisions:
    _known(user, cmd.token_id, passkey=cmd.passkey)
    yield (e.PasskeyRemoved if cmd.passkey else e.U2fRemoved)(token_id=cmd.token_id)


@USER.decides(c.CheckAuthenticator)
def check(user: User, _cmd: c.CheckAuthenticator, facts: AssertionFacts) -> Decisions:
    someone = checkable(user)
    passkey = facts.token_id in someone.passkeys
    if not passkey and facts.token_id not in someone.u2f:
        raise refusals.CREDENTIAL_INVALID()
    if not facts.right:
        yield e.PasskeyCheckFailed() if passkey else e.U2fCheckFailed()
        yield refusals.CREDENTIAL_INVALID()
        return
    succeeded = e.PasskeyCheckSucceeded if passkey else e.U2fCheckSucceeded
    counted = e.PasskeySignCountChanged if passkey else e.U2fSignCountChanged
    yield succeeded(user_verified=facts.user_verified)
    yield counted(token_id=facts.token_id, sign_count=facts.sign_count)
