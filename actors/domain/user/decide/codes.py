"""Codes: made for somebody, entered by somebody, each once."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

from personae.actors.domain.codes import life
from personae.actors.domain.kit import Decisions, Facts, replace
from personae.actors.domain.templates import checked_template
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user import code_events as e
from personae.actors.domain.user import events, refusals
from personae.actors.domain.user.code_facts import EnteredFacts, NewCodeFacts
from personae.actors.domain.user.code_state import SENT
from personae.actors.domain.user.codes import TRIES, CodeKind
from personae.actors.domain.user.state import USER, Human, User


def human(user: User) -> Human:
    """Return the human, or refuse."""
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.human is None:
        raise refusals.NOT_HUMAN()
    return user.human


def spend(
    human: Human, kind: CodeKind, failed: Any, *, right: bool, now: datetime
) -> Generator[Any, None, bool]:
    """Yield what follows a wrong code; return whether it was right and is now used.

    Codes that never were, are used, replaced, expired or tried too often are all refused alike,
    so that nobody learns from the answer what there is to guess.
    """
    pending = human.codes.get(kind)
    if pending is None or pending.failures >= TRIES:
        raise refusals.CODE_INVALID()
    expired = pending.expired(now)
    if right and not expired:
        return True
    yield replace(failed, expired=expired)
    yield refusals.CODE_INVALID()
    return False


@USER.decides(c.SendEmailCode)
def send_email_code(user: User, cmd: c.SendEmailCode, facts: NewCodeFacts) -> Decisions:
    someone = human(user)
    if someone.email.verified:
        raise refusals.EMAIL_ALREADY_VERIFIED()
    if cmd.again and CodeKind.EMAIL not in someone.codes:
        raise refusals.CODE_MISSING()
    yield e.EmailCodeAdded(
        url_template=checked_template(cmd.url_template),
        code_returned=cmd.return_code,
        **life(facts.code, facts.now),
    )


@USER.decides(c.SendPhoneCode)
def send_phone_code(user: User, cmd: c.SendPhoneCode, facts: NewCodeFacts) -> Decisions:
    someone = human(user)
    if not someone.phone.value:
        raise refusals.PHONE_MISSING()
    if someone.phone.verified:
        raise refusals.PHONE_ALREADY_VERIFIED()
    yield e.PhoneCodeAdded(code_returned=cmd.return_code, **life(facts.code, facts.now))


@USER.decides(c.VerifyEmail)
def verify_email(user: User, _cmd: c.VerifyEmail, facts: EnteredFacts) -> Decisions:
    failed = e.EmailVerificationFailed()
    if (yield from spend(human(user), CodeKind.EMAIL, failed, right=facts.right, now=facts.now)):
        yield events.EmailVerified()


@USER.decides(c.VerifyPhone)
def verify_phone(user: User, _cmd: c.VerifyPhone, facts: EnteredFacts) -> Decisions:
    failed = e.PhoneVerificationFailed()
    if (yield from spend(human(user), CodeKind.PHONE, failed, right=facts.right, now=facts.now)):
        yield events.PhoneVerified()


@USER.decides(c.ResetPassword)
def reset_password(user: User, cmd: c.ResetPassword, facts: NewCodeFacts) -> Decisions:
    someone = human(user)
    if cmd.by_sms and not someone.phone.value:
        raise refusals.PHONE_MISSING()
    yield e.PasswordCodeAdded(
        notification_type=int(cmd.by_sms),
        url_template=checked_template(cmd.url_template),
        code_returned=cmd.return_code,
        **life(facts.code, facts.now),
    )


@USER.decides(c.Invite)
def invite(user: User, cmd: c.Invite, facts: NewCodeFacts) -> Decisions:
    if human(user).can_sign_in:
        raise refusals.INVITE_NEEDLESS()
    yield e.InviteCodeAdded(
        url_template=checked_template(cmd.url_template),
        application_name=cmd.application_name,
        code_returned=cmd.return_code,
        **life(facts.code, facts.now),
    )


@USER.decides(c.InviteAgain)
def invite_again(user: User, _cmd: c.InviteAgain, facts: NewCodeFacts) -> Decisions:
    someone = human(user)
    before = someone.codes.get(CodeKind.INVITE)
    if before is None:
        raise refusals.CODE_MISSING()
    if someone.can_sign_in:
        raise refusals.INVITE_NEEDLESS()
    yield e.InviteCodeAdded(
        url_template=before.url_template,
        application_name=before.application_name,
        **life(facts.code, facts.now),
    )


@USER.decides(c.VerifyInvite)
def verify_invite(user: User, _cmd: c.VerifyInvite, facts: EnteredFacts) -> Decisions:
    someone, failed = human(user), e.InviteCheckFailed()
    if (yield from spend(someone, CodeKind.INVITE, failed, right=facts.right, now=facts.now)):
        yield e.InviteCheckSucceeded()
        if not someone.email.verified:
            yield events.EmailVerified()


@USER.decides(c.LinkPasskeyRegistration)
def link_passkey(user: User, cmd: c.LinkPasskeyRegistration, facts: NewCodeFacts) -> Decisions:
    human(user)
    made = life(facts.code, facts.now)
    if cmd.return_code:
        yield e.PasskeyCodeAdded(code_id=cmd.code_id, **made)
    else:
        template = checked_template(cmd.url_template)
        yield e.PasskeyCodeRequested(code_id=cmd.code_id, url_template=template, **made)


@USER.decides(c.NoteCodeSent)
def note_code_sent(user: User, cmd: c.NoteCodeSent, _facts: Facts) -> Decisions:
    pending = user.codes.get(cmd.kind)
    if pending is None or pending.sent or pending.code != cmd.code:
        return
    if cmd.kind is CodeKind.PASSKEY:
        yield e.PasskeyCodeSent(code_id=pending.id)
    else:
        yield SENT[cmd.kind]()


@USER.decides(c.NotePasswordChangeSent)
def note_password_change_sent(
    user: User, _cmd: c.NotePasswordChangeSent, _facts: Facts
) -> Decisions:
    if user.human and user.human.password_change_untold:
        yield e.PasswordChangeSent()


@USER.decides(c.NoteDomainClaimedSent)
def note_domain_claimed_sent(user: User, _cmd: c.NoteDomainClaimedSent, _facts: Facts) -> Decisions:
    if user.human and user.human.claimed_domain:
        yield e.DomainClaimedSent()
