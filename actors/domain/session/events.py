"""What happens to sessions."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire
from personae.actors.domain.session.values import UserAgent
from personae.actors.domain.values import Sealed


@event("session.added")
class SessionAdded:
    user_agent: UserAgent | None = wire("user_agent", default=None)


@event("session.user.checked")
class UserChecked:
    user_id: str = wire("userID")
    user_resource_owner: str = ""
    checked_at: datetime
    preferred_language: str = ""


@event("session.password.checked")
class PasswordChecked:
    checked_at: datetime


@event("session.intent.checked")
class IntentChecked:
    checked_at: datetime


@event("session.totp.checked")
class TotpChecked:
    checked_at: datetime


@event("session.otp.sms.challenged")
class OtpSmsChallenged:
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    code_returned: bool = False


@event("session.otp.sms.sent")
class OtpSmsSent:
    pass


@event("session.otp.sms.checked")
class OtpSmsChecked:
    checked_at: datetime


@event("session.otp.email.challenged")
class OtpEmailChallenged:
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    return_code: bool = False
    url_template: str = wire("tmplURL", default="")


@event("session.otp.email.sent")
class OtpEmailSent:
    pass


@event("session.otp.email.checked")
class OtpEmailChecked:
    checked_at: datetime


@event("session.recovery.code.checked")
class RecoveryCodeChecked:
    checked_at: datetime


@event("session.webAuthN.challenged")
class WebAuthnChallenged:
    challenge: str
    rp_id: str = wire("rpid", default="")
    user_verification: int = 0
    expires_at: datetime | None = None


@event("session.webAuthN.checked")
class WebAuthnChecked:
    checked_at: datetime
    user_verified: bool = False


@event("session.token.set")
class TokenSet:
    token_id: str = wire("tokenID")


@event("session.metadata.set")
class SessionMetadataSet:
    metadata: dict[str, bytes]


@event("session.lifetime.set")
class LifetimeSet:
    """A lifetime in nanoseconds, counted from ``since``; 0 means no end."""

    lifetime: int
    since: datetime | None = None


@event("session.terminated")
class SessionTerminated:
    pass
