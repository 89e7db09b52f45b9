"""Orders to the key pairs of an instance."""

from __future__ import annotations

from personae.actors.domain.kit import command

SAML = "saml"
"""The one aggregate of an instance that holds those for SAML."""


@command("key_pair", id="key_pair_id", owner="instance_id", creates=True)
class RenewKeyPair:
    """Make a pair when there is none, or the newest ends soon; ``now``: in any case."""

    instance_id: str
    key_pair_id: str = SAML
    now: bool = False
