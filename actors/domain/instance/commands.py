"""Orders to an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.instance.state import Generator
from personae.actors.domain.kit import command
from personae.actors.domain.policies import AnyPolicy, Policies
from personae.actors.domain.project.commands import AddAPIApp, AddOIDCApp
from personae.actors.domain.user.commands import (
    AddHuman,
    AddMachine,
    AddMachineKey,
    AddPersonalAccessToken,
)
from personae.actors.domain.web_key.commands import AddWebKey


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUser:
    """A user that a new instance starts with, its credentials and its roles."""

    user: AddHuman | AddMachine
    instance_roles: tuple[str, ...] = ()
    org_roles: tuple[str, ...] = ()
    key: AddMachineKey | None = None
    token: AddPersonalAccessToken | None = None

    @property
    def user_id(self) -> str:
        """The user's id."""
        return self.user.user_id


@command("instance", id="instance_id", owner="instance_id", creates=True)
class SetUpInstance:
    """Create an instance with all it needs to be used, in one commit.

    ``web_keys``: the first becomes active. Facts of the users' and keys' own commands are
    gathered with this one's.
    """

    instance_id: str
    name: str
    language: str
    domain: str
    policies: Policies
    generators: Mapping[int, Generator]
    org_id: str
    org_name: str
    project_id: str
    apps: tuple[AddAPIApp | AddOIDCApp, ...]
    console_app_id: str
    console_client_id: str
    users: tuple[FirstUser, ...]
    web_keys: tuple[AddWebKey, ...]


@command("instance", id="instance_id")
class AddInstanceDomain:
    instance_id: str
    domain: str


@command("instance", id="instance_id")
class RemoveInstanceDomain:
    instance_id: str
    domain: str


@command("instance", id="instance_id")
class AddInstanceMember:
    instance_id: str
    user_id: str
    roles: tuple[str, ...]


@command("instance", id="instance_id")
class ChangeInstance:
    instance_id: str
    name: str


@command("instance", id="instance_id")
class RemoveInstance:
    instance_id: str


@command("instance", id="instance_id")
class AddTrustedDomain:
    instance_id: str
    domain: str


@command("instance", id="instance_id")
class RemoveTrustedDomain:
    instance_id: str
    domain: str


@command("instance", id="instance_id")
class ChangePolicy:
    """Set a default for all organisations; ``policy`` is one of ``domain.policies``."""

    instance_id: str
    policy: AnyPolicy


@command("instance", id="instance_id")
class ActivateLabel:
    """Show the label as it was last edited."""

    instance_id: str


@command("instance", id="instance_id")
class SetLoginTranslation:
    """Replace the instance's own texts of the sign-in pages in one language."""

    instance_id: str
    language: str
    translation: Mapping[str, Any]
