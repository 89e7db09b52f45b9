"""Roles and what they permit: ``roles.yaml``, expanded once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

PATH = Path(__file__).with_name("roles.yaml")
ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
LEVELS = ("SYSTEM_", "IAM_", "ORG_", "PROJECT_GRANT_", "PROJECT_")


@dataclass(frozen=True, slots=True)
class Roles:
    """The catalogue of roles. ``system`` are those that a system user may hold."""

    by_name: Mapping[str, frozenset[str]]
    system: frozenset[str]

    @classmethod
    def load(cls, path: Path = PATH) -> Roles:
        """Read and expand the catalogue."""
        content = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 — both are safe loaders
        roles = {
            name: frozenset(each for line in lines for each in expanded(line))
            for name, lines in content["roles"].items()
        }
        return cls(roles, frozenset(content["system"]))

    def permissions(self, role: str) -> frozenset[str]:
        """What the role permits; nothing for a role that does not exist."""
        return self.by_name.get(role, frozenset())

    def roles_for_level(self, prefix: str) -> tuple[str, ...]:
        """The roles a member of the level ``IAM_``, ``ORG_``, ``PROJECT_`` … may hold.

        A role belongs to its longest prefix: PROJECT_GRANT_OWNER is no role of a project.
        """
        return tuple(name for name in self.by_name if level(name) == prefix)


def level(role: str) -> str | None:
    """The prefix of the level that a role is for; none for roles that are not given to members."""
    return next((prefix for prefix in LEVELS if role.startswith(prefix)), None)


def expanded(permission: str) -> Iterator[str]:
    """Write out ``user.{read,write}`` as ``user.read`` and ``user.write``."""
    match = ALTERNATIVES.search(permission)
    if match is None:
        yield permission
        return
    for choice in match[1].split(","):
        yield permission[: match.start()] + choice + permission[match.end() :]
