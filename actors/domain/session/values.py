"""What sessions are described by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgent:
    """The browser or program a session belongs to; ``fingerprint_id`` tells browsers apart."""

    fingerprint_id: str = ""
    ip: str = ""
    description: str = ""
    header: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
