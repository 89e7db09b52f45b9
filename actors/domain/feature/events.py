"""Every feature and its events, from one table.

A value set for a user counts before the organisation's, that before the instance's, that before
the system's, and that before the default.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from personae.actors.domain.kit import event, wire


class Level(StrEnum):
    """Who sets a feature; the value is part of stored names."""

    SYSTEM = "system"
    INSTANCE = "instance"
    ORG = "org"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginV2:
    """Whether sign-in pages elsewhere are used for every client, and where they are."""

    required: bool = False
    base_uri: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """One switch: its stored name, the type of its values, the value when nobody sets it."""

    name: str
    type: Any
    default: Any
    levels: tuple[Level, ...] = tuple(Level)


FEATURES = {
    feature.name: feature
    for feature in (
        Feature("login_default_org", bool, True, (Level.SYSTEM, Level.INSTANCE)),
        Feature("user_schema", bool, False),
        Feature("token_exchange", bool, False),
        Feature("improved_performance", tuple[int, ...], ()),
        Feature("debug_oidc_parent_error", bool, False, (Level.INSTANCE,)),
        Feature("oidc_single_v1_session_termination", bool, False),
        Feature("enable_back_channel_logout", bool, False),
        Feature(
            "login_v2",
            LoginV2,
            LoginV2(required=True),
            (Level.SYSTEM, Level.INSTANCE, Level.ORG),
        ),
        Feature("permission_check_v2", bool, False),
        Feature(
            "console_use_v2_user_api",
            bool,
            True,
            (Level.INSTANCE, Level.ORG, Level.USER),
        ),
    )
}
"""Every feature by its stored name.

Nobody is signed in yet where the two about sign-in pages are asked for: they have no value for a
user, and what pages do without an organisation has none for an organisation.
"""

SET: dict[tuple[Level, str], type] = {}
"""The event that sets a feature on a level."""

RESET: dict[Level, type] = {}
"""The event that takes back all that was set on a level."""

NAME_OF: dict[type, str] = {}
"""Which feature an event sets."""


def _declare(level: Level, feature: Feature) -> None:
    name = f"feature.{level}.{feature.name}.set"
    content = {
        "__module__": __name__,
        "__doc__": name,
        "__annotations__": {"value": feature.type},
        "value": wire("Value"),
    }
    made = event(name)(type(f"{feature.name.title()}Set", (), content))
    SET[level, feature.name] = made
    NAME_OF[made] = feature.name


for _level in Level:
    _name = f"feature.{_level}.reset"
    _content = {"__module__": __name__, "__doc__": _name, "__annotations__": {}}
    RESET[_level] = event(_name)(type("FeaturesReset", (), _content))
    for _feature in FEATURES.values():
        if _level in _feature.levels:
            _declare(_level, _feature)
