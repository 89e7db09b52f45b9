"""What follows from orders about features."""

from __future__ import annotations

from personae.actors.domain.feature import commands as c
from personae.actors.domain.feature import events as e
from personae.actors.domain.feature import refusals
from personae.actors.domain.feature.state import FEATURE, Features
from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.policy_rules import is_safe_target


@FEATURE.decides(c.SetFeatures)
def set_(features: Features, cmd: c.SetFeatures, _facts: Facts) -> Decisions:
    for name, value in cmd.values.items():
        made = e.SET.get((cmd.level, name))
        if made is None:
            raise refusals.UNKNOWN(feature=name)
        if isinstance(value, e.LoginV2) and value.base_uri and not is_safe_target(value.base_uri):
            raise refusals.BASE_URI_INVALID()
        if name not in features.values or features.values[name] != value:
            yield made(value=value)


@FEATURE.decides(c.ResetFeatures)
def reset(features: Features, cmd: c.ResetFeatures, _facts: Facts) -> Decisions:
    if features.values:
        yield e.RESET[cmd.level]()
