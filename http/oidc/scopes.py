"""Scopes: which of the asked ones are granted, and whom a token is then for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Stream

if TYPE_CHECKING:
    from personae.http.oidc.call import Call

OPENID, OFFLINE = "openid", "offline_access"
STANDARD = (OPENID, "profile", "email", "phone", "address", OFFLINE)

_ROLE = "urn:zitadel:iam:org:project:role:"
_PROJECT, _AUDIENCE = "urn:zitadel:iam:org:project:id:", ":aud"
_OURS = "zitadel"
RESERVED = (
    _PROJECT,
    "urn:zitadel:iam:org:projects:roles",
    "urn:zitadel:iam:org:id:",
    "urn:zitadel:iam:org:domain:primary:",
    "urn:zitadel:iam:org:roles:id:",
    "urn:zitadel:iam:user:metadata",
    "urn:zitadel:iam:user:resourceowner",
    "urn:zitadel:iam:org:idp:id:",
)


def granted(asked: str, roles: Collection[str] = (), *, offline: bool = False) -> tuple[str, ...]:
    """Return the scopes that are granted, each once; what nobody knows is dropped in silence.

    ``roles`` are those of the client's project; ``offline``: refresh tokens are allowed.
    """

    def known(scope: str) -> bool:
        if scope == OFFLINE:
            return offline
        if scope.startswith(_ROLE):
            return scope[len(_ROLE) :] in roles
        return scope in STANDARD or scope.startswith(RESERVED)

    return tuple(scope for scope in dict.fromkeys(asked.split()) if known(scope))


async def audience(call: Call, own: Iterable[str], scopes: Iterable[str]) -> tuple[str, ...]:
    """Return whom a token is for: a client's own audience, and the projects that scopes name."""
    named = [
        scope[len(_PROJECT) : -len(_AUDIENCE)]
        for scope in scopes
        if scope.startswith(_PROJECT) and scope.endswith(_AUDIENCE)
    ]
    if _OURS in named:
        stream = Stream(call.instance_id, "instance", call.instance_id)
        instance: Instance = await call.services.world.state(stream)
        named = [instance.project_id if each == _OURS else each for each in named]
    return tuple(dict.fromkeys((*own, *filter(None, named))))
