"""What orders about security keys and passkeys must know."""

from __future__ import annotations

from personae.actors.aggregates import webauthn
from personae.actors.aggregates.facts.user_codes import is_right, own_or
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.decide.authenticators import authenticators
from personae.actors.domain.user.decide.codes import human
from personae.actors.domain.user.factor_facts import (
    AssertionFacts,
    CredentialFacts,
    RegistrationFacts,
)
from personae.actors.domain.user.state import User


@facts_for(c.RegisterAuthenticator)
async def register(cmd: c.RegisterAuthenticator, turn: Turn) -> RegistrationFacts:
    await own_or("user.passkey.write", turn)
    user: User = turn.state
    someone, challenge = human(user), webauthn.new_challenge()
    options = webauthn.creation_options(
        challenge=challenge,
        rp_id=cmd.rp_id,
        user_id=turn.stream.id,
        user_name=user.user_name,
        display_name=someone.profile.display_name or user.user_name,
        passkey=cmd.passkey,
        attachment=cmd.attachment,
        known=[*someone.passkeys.values(), *someone.u2f.values()],
    )
    return RegistrationFacts(
        now=turn.now(),
        challenge=challenge,
        code_right=_code_right(cmd, turn) if cmd.code_id else None,
        secrets={"options": options},
    )


def _code_right(cmd: c.RegisterAuthenticator, turn: Turn) -> bool:
    user: User = turn.state
    pending = user.codes.get(CodeKind.PASSKEY)
    named = pending is not None and pending.id == cmd.code_id
    return named and is_right(CodeKind.PASSKEY, cmd.code, turn)


@facts_for(c.VerifyAuthenticator)
async def verify(cmd: c.VerifyAuthenticator, turn: Turn) -> CredentialFacts:
    await own_or("user.passkey.write", turn)
    user: User = turn.state
    known = authenticators(user.human, passkey=cmd.passkey) if user.human else {}
    pending = known.get(cmd.token_id)
    if pending is None or pending.verified:
        return CredentialFacts(now=turn.now())
    made = await turn.world.blocking(
        lambda: webauthn.registered(
            cmd.credential, pending.challenge, pending.rp_id, verify_user=cmd.passkey
        )
    )
    if made is None:
        return CredentialFacts(now=turn.now())
    return CredentialFacts(
        now=turn.now(),
        key_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        aaguid=made.aaguid,
        attestation_type=made.fmt,
    )


@facts_for(c.RemoveAuthenticator)
async def remove(_cmd: c.RemoveAuthenticator, turn: Turn) -> Facts:
    await own_or("user.passkey.write", turn)
    return Facts(now=turn.now())


@facts_for(c.CheckAuthenticator)
async def check(cmd: c.CheckAuthenticator, turn: Turn) -> AssertionFacts:
    user: User = turn.state
    key_id = webauthn.credential_id(cmd.credential)
    all_ = {**user.human.passkeys, **user.human.u2f} if user.human else {}
    for token_id, known in all_.items():
        if known.verified and known.key_id == key_id and known.rp_id == cmd.rp_id:
            answer = webauthn.asserted(
                cmd.credential, cmd.challenge, known, verify_user=cmd.verify_user
            )
            if answer is None:
                return AssertionFacts(now=turn.now(), token_id=token_id)
            return AssertionFacts(
                now=turn.now(),
                token_id=token_id,
                right=True,
                sign_count=answer.new_sign_count,
                user_verified=answer.user_verified,
            )
    return AssertionFacts(now=turn.now())
