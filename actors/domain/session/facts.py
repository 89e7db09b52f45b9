"""What deciders about sessions must know besides the session."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts(Facts):
    """What was proved in this turn: the user found, the password compared.

    ``permitted``: the caller may change sessions that are not its own.
    """

    user_id: str = ""
    org_id: str = ""
    language: str = ""
    password_right: bool = False
    permitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateFacts(Facts):
    """Whether the caller may end sessions that are not its own."""

    permitted: bool = False
