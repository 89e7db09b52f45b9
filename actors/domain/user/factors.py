"""What people prove themselves with besides a password."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from personae.actors.domain.values import Sealed

EXTERNAL_IDPS = "external_idps"
"""Name space of the claims on accounts elsewhere: one account, one user."""


class Channel(StrEnum):
    """How one-time codes are sent."""

    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Totp:
    """An authenticator app (RFC 6238); ``last_step`` is the time step last used."""

    secret: Sealed | None
    verified: bool = False
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A WebAuthn credential; ``challenge`` waits until its registration is verified."""

    challenge: str = ""
    rp_id: str = ""
    key_id: bytes = b""
    public_key: bytes = b""
    sign_count: int = 0
    name: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class IdpLink:
    """An account at an identity provider that signs this user in."""

    idp_id: str
    user_id: str
    user_name: str = ""

    @property
    def claim(self) -> str:
        """The value to claim for the account."""
        return f"{self.idp_id}:{self.user_id}"
