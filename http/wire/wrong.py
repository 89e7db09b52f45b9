"""A value that does not fit its field: raised deep inside, its path grows on the way out."""

from __future__ import annotations

from personae.actors.domain.kit import Refusal
from personae.http.wire.reasons import INVALID_FIELD


class Wrong(Exception):  # noqa: N818 — becomes a refusal, see below
    """``rule`` says what was expected, in the words of the definition (``max_len 200``)."""

    def __init__(self, rule: str, *path: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = list(path)

    def within(self, field: str) -> Wrong:
        """Say in which field it happened; the innermost says it first."""
        self.path.append(field)
        return self

    def refusal(self) -> Refusal:
        """Return what the caller is told, e.g. ``profile.given_name: min_len 1``."""
        path = ".".join(reversed(self.path)).replace(".[", "[")
        return INVALID_FIELD(field=path or "request", rule=self.rule)
