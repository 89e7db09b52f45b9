"""What deciders about users must know besides the user."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.codes import SealedCode
from personae.actors.domain.kit import Facts
from personae.actors.domain.policies import LockoutPolicy, PasswordComplexityPolicy
from personae.actors.domain.user.values import Naming
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingFacts(Facts):
    """For a user name: how it is made unique, and whether its domain belongs to others."""

    naming: Naming
    domain_reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanFacts(NamingFacts):
    """For creating or changing a human.

    ``password_same``: the new password equals the current one. ``password_proved``: the current
    password was given and is right, or none is needed. ``wrong_guess``: it was given and is
    wrong; how many more guesses there are. ``code_right``: whether the code that was given in its
    place is right, ``None`` when there was none.
    """

    complexity: PasswordComplexityPolicy
    password_hash: str = ""
    password_same: bool = False
    password_proved: bool = True
    wrong_guess: LockoutPolicy | None = None
    code_right: bool | None = None
    email_code: SealedCode | None = None
    phone_code: SealedCode | None = None
    totp_secret: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordFacts(Facts):
    """The result of comparing a password; ``rehash`` replaces a hash of older make."""

    right: bool
    lockout: LockoutPolicy
    rehash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFacts(Facts):
    """A generated client secret, hashed."""

    hashed_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts(Facts):
    """The public key to add, as PEM; empty when the given one cannot be used."""

    public_key: bytes
