"""What sessions are described by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgent:
    """The browser or program a session belongs to; ``fingerprint_id`` tells browsers apart."""

    fingerprint_id: str = ""
    ip: str = ""
    description: str = ""
    header: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Factor(StrEnum):
    """What may be proved besides knowing a password; a challenge goes before some."""

    TOTP = "totp"
    OTP_SMS = "otp_sms"
    OTP_EMAIL = "otp_email"
    RECOVERY_CODE = "recovery_code"
    WEB_AUTH_N = "web_auth_n"
    INTENT = "intent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a one-time code reaches its user: sent, or returned to the caller who sends it."""

    return_code: bool = False
    url_template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenges:
    """What to ask of the user; answers are checked by a later order.

    ``domain`` asks for a WebAuthn credential of its pages; ``user_verification`` is the API's
    number.
    """

    domain: str = ""
    user_verification: int = 0
    otp_sms: Delivery | None = None
    otp_email: Delivery | None = None

    def __bool__(self) -> bool:
        return bool(self.domain or self.otp_sms or self.otp_email)
