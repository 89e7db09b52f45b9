"""Orders to a signing key."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("web_key", id="key_id", owner="instance_id", creates=True)
class AddWebKey:
    """Make a signing key; ``algorithm`` is a JOSE name such as RS256."""

    key_id: str
    instance_id: str
    algorithm: str
    config_type: int = 0
    bits: int = 2048


@command("web_key", id="key_id")
class ActivateWebKey:
    """Sign with this key from now on; ``previous`` retires in the same commit."""

    key_id: str
    previous: str = ""


@command("web_key", id="key_id")
class RemoveWebKey:
    key_id: str
