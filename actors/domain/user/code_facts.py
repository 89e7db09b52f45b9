"""What deciders about codes must know: a new code, or whether one is right."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.codes import SealedCode
from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCodeFacts(Facts):
    """A code, sealed."""

    code: SealedCode


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredFacts(Facts):
    """Whether what was entered equals the pending code."""

    right: bool
