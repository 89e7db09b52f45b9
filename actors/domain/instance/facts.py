"""What deciders about instances must know besides the instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import Facts
from personae.actors.domain.org.facts import AddOrgFacts
from personae.actors.domain.web_key.facts import KeyPairFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpFacts(Facts):
    """The facts of every command that a set-up is made of, by the id it creates."""

    org: AddOrgFacts
    users: Mapping[str, Any]
    keys: Mapping[str, Any]
    web_keys: Mapping[str, KeyPairFacts]
    known_roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMemberFacts(Facts):
    """The roles that exist on this level, and whether the user to add exists."""

    known_roles: frozenset[str]
    user_exists: bool = True
