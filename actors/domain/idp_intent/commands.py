"""Orders to a sign-in elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from personae.actors.domain.kit import command


@command("idpintent", id="intent_id", owner="instance_id", creates=True)
class StartIntent:
    """Begin; ``proof`` is kept sealed until the provider answers."""

    intent_id: str
    instance_id: str
    idp_id: str
    success_url: str = ""
    failure_url: str = ""
    proof: str = field(default="", repr=False)


@command("idpintent", id="intent_id")
class SucceedIntent:
    """Keep what the provider said of a user whose proof it gave; tokens are kept sealed.

    ``attributes``: the entry of a directory. Only the server itself says so.
    """

    intent_id: str
    idp_user: bytes = field(repr=False)
    idp_user_id: str
    idp_user_name: str = ""
    access_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    directory: bool = False


@command("idpintent", id="intent_id")
class FailIntent:
    """Give up: the provider or the person said no, or the answer could not be trusted."""

    intent_id: str
    reason: str


@command("idpintent", id="intent_id")
class ConsumeIntent:
    """Let it prove, once, that its person is this user."""

    intent_id: str
    user_id: str
