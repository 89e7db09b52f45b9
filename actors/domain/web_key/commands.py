"""Orders to a signing key."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("web_key", id="key_id", owner="instance_id", creates=True)
class AddWebKey:
    """Make a signing key; ``algorithm`` is a JOSE name such as RS256.

    ``profile``: what it signs for, empty for all that has no key of its own.
    """

    key_id: str
    instance_id: str
    algorithm: str
    config_type: int = 0
    bits: int = 2048
    profile: str = ""


@command("web_key", id="key_id", owner="instance_id", creates=True)
class AddProfileKey:
    """Make the first signing key of a profile, once per instance, and sign with it at once."""

    key_id: str
    instance_id: str
    algorithm: str
    profile: str


@command("web_key", id="key_id")
class ActivateWebKey:
    """Sign with this key from now on; ``previous``, of its profile, retires in the same commit."""

    key_id: str
    previous: str = ""


@command("web_key", id="key_id")
class RemoveWebKey:
    key_id: str
