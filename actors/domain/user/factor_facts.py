"""What deciders about factors must know."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpSecretFacts(Facts):
    """A secret for an authenticator app."""

    secret: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpFacts(Facts):
    """The time step that an entered code belongs to, 0 for none."""

    step: int
    lockout: LockoutPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class OtpFacts(Facts):
    """Whether what was entered equals what was sent."""

    right: bool
    lockout: LockoutPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesFacts(Facts):
    """Hashes of new recovery codes."""

    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFacts(Facts):
    """The hash that an entered recovery code has among those stored, empty for none."""

    matched: str
    lockout: LockoutPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts(Facts):
    """A challenge in base64url; whether the code that was given is right, ``None`` without one."""

    challenge: str
    code_right: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts(Facts):
    """The verified credential; without ``key_id`` the browser's answer proves none."""

    key_id: bytes = b""
    public_key: bytes = b""
    sign_count: int = 0
    aaguid: str = ""
    attestation_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionFacts(Facts):
    """Which of the user's authenticators answered, and whether its answer is right."""

    token_id: str = ""
    right: bool = False
    sign_count: int = 0
    user_verified: bool = False
