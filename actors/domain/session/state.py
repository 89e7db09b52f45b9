"""A session as decisions and tokens need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.lifetimes import end
from personae.actors.domain.session import events as e
from personae.actors.domain.session.values import Factor, UserAgent
from personae.actors.domain.values import Sealed


class Status(IntEnum):
    """Life of a session."""

    UNKNOWN = 0
    ACTIVE = 1
    TERMINATED = 2


@dataclass(frozen=True, slots=True)
class SentCode:
    """A one-time code this session had sent; no other session takes it."""

    code: Sealed | None = None
    expires: datetime | None = None
    returned: bool = False
    sent: bool = False
    url_template: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a WebAuthn credential must answer."""

    challenge: str
    rp_id: str
    user_verification: int
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """The state of one session.

    ``checked``: when each :class:`Factor` was proved; ``sent``: the codes that wait for an answer.
    ``token_id`` names the only valid session token: each change makes a new one. Without
    ``expires`` the session has no end of its own.
    """

    status: Status = Status.UNKNOWN
    user_id: str = ""
    org_id: str = ""
    language: str = ""
    user_checked: datetime | None = None
    password_checked: datetime | None = None
    checked: Mapping[str, datetime] = field(default_factory=dict)
    user_verified: bool = False
    sent: Mapping[str, SentCode] = field(default_factory=dict)
    challenge: Challenge | None = None
    token_id: str = ""
    user_agent: UserAgent | None = None
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    expires: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Say whether the session counts now."""
        return self.status is Status.ACTIVE and (self.expires is None or now < self.expires)

    @property
    def auth_methods(self) -> tuple[str, ...]:
        """What was proved, as values of ``amr`` (RFC 8176).

        Codes of whatever kind are one factor. A passkey that verified its user is two.
        """
        found = ["pwd"] if self.password_checked else []
        if any(factor in self.checked for factor in CODES):
            found.append("otp")
        if Factor.WEB_AUTH_N in self.checked:
            found.append("user")
        if len(found) > 1 or self.user_verified:
            found.append("mfa")
        return tuple(found)

    @property
    def auth_time(self) -> datetime | None:
        """When the user last proved something."""
        times = [*self.checked.values(), *filter(None, [self.password_checked])]
        return max(times, default=None)


CODES = (Factor.TOTP, Factor.OTP_SMS, Factor.OTP_EMAIL, Factor.RECOVERY_CODE)

SESSION = Kind(
    "session", Session(), revision=2, over=lambda session: session.status is Status.TERMINATED
)


@SESSION.on(e.SessionAdded)
def _(_session: Session, event: e.SessionAdded) -> Session:
    return Session(Status.ACTIVE, user_agent=event.user_agent)


@SESSION.on(e.UserChecked)
def _(session: Session, event: e.UserChecked) -> Session:
    return replace(
        session,
        user_id=event.user_id,
        org_id=event.user_resource_owner,
        user_checked=event.checked_at,
        language=event.preferred_language,
    )


@SESSION.on(e.PasswordChecked)
def _(session: Session, event: e.PasswordChecked) -> Session:
    return replace(session, password_checked=event.checked_at)


CHECKED = {
    e.IntentChecked: Factor.INTENT,
    e.TotpChecked: Factor.TOTP,
    e.OtpSmsChecked: Factor.OTP_SMS,
    e.OtpEmailChecked: Factor.OTP_EMAIL,
    e.RecoveryCodeChecked: Factor.RECOVERY_CODE,
}


@SESSION.on(*CHECKED)
def _(session: Session, event: e.TotpChecked) -> Session:
    factor = CHECKED[type(event)]
    left = {k: v for k, v in session.sent.items() if k != factor}
    checked = {**session.checked, factor: event.checked_at}
    return replace(session, checked=checked, sent=left)


SENT = {e.OtpSmsChallenged: Factor.OTP_SMS, e.OtpEmailChallenged: Factor.OTP_EMAIL}


@SESSION.on(*SENT)
def _(session: Session, event: e.OtpSmsChallenged) -> Session:
    returned = getattr(event, "return_code", False) or getattr(event, "code_returned", False)
    template = getattr(event, "url_template", "")
    code = SentCode(event.code, event.expires_at, returned=returned, url_template=template)
    return replace(session, sent={**session.sent, SENT[type(event)]: code})


ON_THE_WAY = {e.OtpSmsSent: Factor.OTP_SMS, e.OtpEmailSent: Factor.OTP_EMAIL}


@SESSION.on(*ON_THE_WAY)
def _(session: Session, event: object) -> Session:
    factor = ON_THE_WAY[type(event)]
    code = session.sent.get(factor)
    if code is None:
        return session
    return replace(session, sent={**session.sent, factor: replace(code, sent=True)})


@SESSION.on(e.WebAuthnChallenged)
def _(session: Session, event: e.WebAuthnChallenged) -> Session:
    asked = Challenge(event.challenge, event.rp_id, event.user_verification, event.expires_at)
    return replace(session, challenge=asked)


@SESSION.on(e.WebAuthnChecked)
def _(session: Session, event: e.WebAuthnChecked) -> Session:
    checked = {**session.checked, Factor.WEB_AUTH_N: event.checked_at}
    return replace(session, checked=checked, user_verified=event.user_verified, challenge=None)


@SESSION.on(e.TokenSet)
def _(session: Session, event: e.TokenSet) -> Session:
    return replace(session, token_id=event.token_id)


@SESSION.on(e.SessionMetadataSet)
def _(session: Session, event: e.SessionMetadataSet) -> Session:
    merged = {**session.metadata, **event.metadata}
    return replace(session, metadata={k: v for k, v in merged.items() if v})


@SESSION.on(e.LifetimeSet)
def _(session: Session, event: e.LifetimeSet) -> Session:
    if event.since is None or not event.lifetime:
        return replace(session, expires=None)
    return replace(session, expires=end(event.since, event.lifetime))


@SESSION.on(e.SessionTerminated)
def _(session: Session, _event: e.SessionTerminated) -> Session:
    return replace(session, status=Status.TERMINATED, token_id="")
