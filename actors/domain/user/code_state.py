"""How codes of a user come and go."""

from __future__ import annotations

from personae.actors.domain.kit import replace
from personae.actors.domain.user import code_events as e
from personae.actors.domain.user.codes import CodeKind, PendingCode
from personae.actors.domain.user.state import USER, User, with_human, without

ADDED = {
    e.EmailCodeAdded: CodeKind.EMAIL,
    e.PhoneCodeAdded: CodeKind.PHONE,
    e.PasswordCodeAdded: CodeKind.PASSWORD,
    e.InviteCodeAdded: CodeKind.INVITE,
    e.PasskeyCodeAdded: CodeKind.PASSKEY,
    e.PasskeyCodeRequested: CodeKind.PASSKEY,
}
FAILED = {
    e.EmailVerificationFailed: CodeKind.EMAIL,
    e.PhoneVerificationFailed: CodeKind.PHONE,
    e.PasswordCodeCheckFailed: CodeKind.PASSWORD,
    e.InviteCheckFailed: CodeKind.INVITE,
    e.PasskeyCodeCheckFailed: CodeKind.PASSKEY,
}
SENT = {
    CodeKind.EMAIL: e.EmailCodeSent,
    CodeKind.PHONE: e.PhoneCodeSent,
    CodeKind.PASSWORD: e.PasswordCodeSent,
    CodeKind.INVITE: e.InviteCodeSent,
    CodeKind.PASSKEY: e.PasskeyCodeSent,
}
KIND_SENT = {event: kind for kind, event in SENT.items()}
USED = {
    e.InviteCheckSucceeded: CodeKind.INVITE,
    e.PasskeyCodeCheckSucceeded: CodeKind.PASSKEY,
}


@USER.on(*ADDED)
def _(user: User, event: e.EmailCodeAdded) -> User:
    kind = ADDED[type(event)]
    pending = PendingCode(
        event.code,
        event.expires_at,
        id=getattr(event, "code_id", ""),
        returned=isinstance(event, e.PasskeyCodeAdded) or getattr(event, "code_returned", False),
        url_template=getattr(event, "url_template", ""),
        application_name=getattr(event, "application_name", ""),
    )
    return with_human(user, codes={**user.codes, kind: pending})


@USER.on(*FAILED)
def _(user: User, event: e.EmailVerificationFailed) -> User:
    kind = FAILED[type(event)]
    pending = user.codes.get(kind)
    if pending is None:
        return user
    if event.expired:
        return with_human(user, codes=without(user.codes, kind))
    failed = replace(pending, failures=pending.failures + 1)
    return with_human(user, codes={**user.codes, kind: failed})


@USER.on(*USED)
def _(user: User, event: object) -> User:
    return with_human(user, codes=without(user.codes, USED[type(event)]))


@USER.on(*KIND_SENT)
def _(user: User, event: object) -> User:
    kind = KIND_SENT[type(event)]
    pending = user.codes.get(kind)
    if pending is None:
        return user
    return with_human(user, codes={**user.codes, kind: replace(pending, sent=True)})


@USER.on(e.PasswordChangeSent)
def _(user: User, _event: object) -> User:
    return with_human(user, password_change_untold=False)


@USER.on(e.DomainClaimedSent)
def _(user: User, _event: object) -> User:
    return with_human(user, claimed_domain="")
