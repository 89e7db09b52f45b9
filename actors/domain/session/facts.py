"""What deciders about sessions must know besides the session."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.codes import SealedCode
from personae.actors.domain.kit import Facts
from personae.actors.domain.session.values import Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts(Facts):
    """What was proved in this turn: the user found, the password compared.

    ``permitted``: the caller may change sessions that are not its own. What follows it answers
    the challenges asked for.
    """

    user_id: str = ""
    org_id: str = ""
    language: str = ""
    password_right: bool = False
    proved: tuple[Factor, ...] = ()
    user_verified: bool = False
    permitted: bool = False
    sms_code: SealedCode | None = None
    email_code: SealedCode | None = None
    challenge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateFacts(Facts):
    """Whether the caller may end sessions that are not its own."""

    permitted: bool = False
