"""The features that one level sets; the stream's id is that of the instance, organisation or user.

That of the whole server is ``SYSTEM``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.actors.domain.feature import events as e
from personae.actors.domain.kit import Kind


@dataclass(frozen=True, slots=True)
class Features:
    """The values set, by the features' stored names."""

    values: Mapping[str, Any] = field(default_factory=dict)


FEATURE = Kind("feature", Features(), revision=2)


@FEATURE.on(*e.SET.values())
def _(features: Features, event: Any) -> Features:
    return Features({**features.values, e.NAME_OF[type(event)]: event.value})


@FEATURE.on(*e.RESET.values())
def _(_features: Features, _event: object) -> Features:
    return Features()
