"""System users: operators' programs, known by their keys in the settings, in no instance's log.

They sign a JWT themselves and show it as bearer token: ``iss`` and ``sub`` are their name, ``aud``
is this server's external address, and it lives for an hour at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from personae.actors.domain.kit import Caller
from personae.actors.domain.kit.caller import Membership
from personae.http.identity.jose import PublicKey
from personae.http.identity.jwt import Verifier, unverified

LONGEST_LIFE = timedelta(hours=1)
TYPES = ("", "jwt")


class SystemUsers:
    """The system users of one server.

    ``users``: the PEM of each one's public key, by name, and what they may do where.
    """

    def __init__(
        self,
        users: Mapping[str, tuple[str | bytes, Iterable[Membership]]] | None = None,
        audience: str = "",
    ) -> None:
        self._audience = audience
        self._known = {
            name: (PublicKey.from_pem(name, pem), tuple(memberships))
            for name, (pem, memberships) in (users or {}).items()
        }

    def __contains__(self, name: str) -> bool:
        """Say whether a system user has a name."""
        return name in self._known

    def caller(self, instance_id: str, token: str, now: datetime) -> Caller | None:
        """Return who a token's signature proves to call, ``None`` when it names no system user.

        Raises ``TOKEN-…`` for one that names a system user and is not theirs.
        """
        if not self._known:
            return None
        said = unverified(token)
        known = self._known.get(said.issuer)
        if known is None or said.subject != said.issuer:
            return None
        key, memberships = known
        # There is one key, so it does not matter how the token calls it.
        Verifier([replace(key, id=said.key_id or said.issuer)]).verify(
            token,
            typ=TYPES,
            issuer=said.issuer,
            audience=(self._audience,),
            required=("sub",),
            max_age=LONGEST_LIFE,
            now=now,
        )
        return Caller(instance_id=instance_id, user_id=said.issuer, memberships=memberships)
