"""What is wrong with what somebody typed, said beside the field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from personae.http.login.pages import fill


@dataclass(frozen=True, slots=True)
class Shown:
    """A problem in words, with the field it belongs to."""

    field: str
    text: str


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 — an answer to people, not an error
    """A sentence (by its key below ``login.problems``) about a field; ``retry`` in seconds."""

    field: str
    text: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    status: int = 422
    retry: int = 0

    def shown(self, texts: Mapping[str, str]) -> Shown:
        """Return the problem in words."""
        return Shown(self.field, fill(texts[self.text], **self.params))
