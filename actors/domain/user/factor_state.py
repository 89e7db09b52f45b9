"""How factors of a user come, change and go."""

from __future__ import annotations

from personae.actors.domain.kit import replace
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user.factors import Authenticator, IdpLink, Totp
from personae.actors.domain.user.state import USER, Human, User, with_human, without

SUCCEEDED = (
    e.TotpCheckSucceeded,
    e.OtpSmsCheckSucceeded,
    e.OtpEmailCheckSucceeded,
    e.RecoveryCodeCheckSucceeded,
)
FAILED = (
    e.TotpCheckFailed,
    e.OtpSmsCheckFailed,
    e.OtpEmailCheckFailed,
    e.RecoveryCodeCheckFailed,
)
U2F = (e.U2fAdded, e.U2fVerified, e.U2fRemoved, e.U2fSignCountChanged)
"""The events of security keys; those of passkeys are shaped alike."""

SWITCHES = {
    e.OtpSmsAdded: {"otp_sms": True},
    e.OtpSmsRemoved: {"otp_sms": False},
    e.OtpEmailAdded: {"otp_email": True},
    e.OtpEmailRemoved: {"otp_email": False},
    e.TotpRemoved: {"totp": None},
    e.RecoveryCodesRemoved: {"recovery_codes": ()},
}


@USER.on(*SWITCHES)
def _(user: User, event: object) -> User:
    return with_human(user, **SWITCHES[type(event)])  # type: ignore[arg-type]


@USER.on(e.TotpAdded)
def _(user: User, event: e.TotpAdded) -> User:
    return with_human(user, totp=Totp(event.otp_secret))


@USER.on(e.TotpVerified)
def _(user: User, event: e.TotpVerified) -> User:
    totp = user.human.totp if user.human else None
    if totp is None:
        return user
    return with_human(user, totp=replace(totp, verified=True, last_step=event.step))


@USER.on(*SUCCEEDED)
def _(user: User, event: object) -> User:
    human = user.human
    if human is None:
        return user
    if isinstance(event, e.TotpCheckSucceeded) and human.totp:
        user = with_human(user, totp=replace(human.totp, last_step=event.step))
    if isinstance(event, e.RecoveryCodeCheckSucceeded):
        left = tuple(code for code in human.recovery_codes if code != event.code)
        user = with_human(user, recovery_codes=left)
    return with_human(user, otp_failures=0)


@USER.on(*FAILED)
def _(user: User, _event: object) -> User:
    human = user.human
    return with_human(user, otp_failures=human.otp_failures + 1) if human else user


@USER.on(e.RecoveryCodesAdded)
def _(user: User, event: e.RecoveryCodesAdded) -> User:
    return with_human(user, recovery_codes=event.codes)


def _tokens(human: Human, event: object) -> tuple[str, dict[str, Authenticator]]:
    """Return the field that an event is about, and what it holds."""
    if isinstance(event, U2F):
        return "u2f", dict(human.u2f)
    return "passkeys", dict(human.passkeys)


@USER.on(e.U2fAdded, e.PasskeyAdded)
def _(user: User, event: e.U2fAdded) -> User:
    if user.human is None:
        return user
    field, tokens = _tokens(user.human, event)
    tokens[event.token_id] = Authenticator(event.challenge, event.rp_id)
    return with_human(user, **{field: tokens})


@USER.on(e.U2fVerified, e.PasskeyVerified)
def _(user: User, event: e.U2fVerified) -> User:
    if user.human is None:
        return user
    field, tokens = _tokens(user.human, event)
    tokens[event.token_id] = replace(
        tokens.get(event.token_id, Authenticator()),
        challenge="",
        key_id=event.key_id,
        public_key=event.public_key,
        sign_count=event.sign_count,
        name=event.name,
        verified=True,
    )
    return with_human(user, **{field: tokens})


@USER.on(e.U2fRemoved, e.PasskeyRemoved)
def _(user: User, event: e.U2fRemoved) -> User:
    if user.human is None:
        return user
    field, tokens = _tokens(user.human, event)
    return with_human(user, **{field: without(tokens, event.token_id)})


@USER.on(e.U2fSignCountChanged, e.PasskeySignCountChanged)
def _(user: User, event: e.U2fSignCountChanged) -> User:
    if user.human is None:
        return user
    field, tokens = _tokens(user.human, event)
    known = tokens.get(event.token_id, Authenticator())
    tokens[event.token_id] = replace(known, sign_count=event.sign_count)
    return with_human(user, **{field: tokens})


@USER.on(e.IdpLinkAdded)
def _(user: User, event: e.IdpLinkAdded) -> User:
    link = IdpLink(event.idp_id, event.user_id, event.display_name)
    return with_human(user, links=(*_other_links(user, event), link))


@USER.on(e.IdpLinkRemoved)
def _(user: User, event: e.IdpLinkRemoved) -> User:
    return with_human(user, links=_other_links(user, event))


def _other_links(user: User, event: e.IdpLinkAdded | e.IdpLinkRemoved) -> tuple[IdpLink, ...]:
    links = user.human.links if user.human else ()
    return tuple(
        each for each in links if (each.idp_id, each.user_id) != (event.idp_id, event.user_id)
    )
