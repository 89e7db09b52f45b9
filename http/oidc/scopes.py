"""Scopes: which of the asked ones are granted, and whom a token is then for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.state import Org
from personae.http.oidc.errors import SCOPE_TOO_LONG
from personae.http.oidc.form import words

if TYPE_CHECKING:
    from personae.http.oidc.call import Call

MOST, LONGEST = 200, 8 * 1024
"""Scopes, and characters of them all, that anybody has a use for; they are kept with each token."""

OPENID, OFFLINE = "openid", "offline_access"
STANDARD = (OPENID, "profile", "email", "phone", "address", OFFLINE)

ROLE = "urn:zitadel:iam:org:project:role:"
ALL_ROLES = "urn:zitadel:iam:org:projects:roles"
ROLES_OF_ORG = "urn:zitadel:iam:org:roles:id:"
ORG, ORG_DOMAIN = "urn:zitadel:iam:org:id:", "urn:zitadel:iam:org:domain:primary:"
RESOURCE_OWNER = "urn:zitadel:iam:user:resourceowner"
METADATA = "urn:zitadel:iam:user:metadata"
_PROJECT, _AUDIENCE = "urn:zitadel:iam:org:project:id:", ":aud"
_OURS = "zitadel"
_OF_ORG = (ORG, ORG_DOMAIN)
_WHOLE = {*STANDARD, ALL_ROLES, METADATA, RESOURCE_OWNER}
_OPEN_ENDED = (_PROJECT, ORG, ORG_DOMAIN, ROLES_OF_ORG, "urn:zitadel:iam:org:idp:id:")


def granted(asked: str, roles: Collection[str] = (), *, offline: bool = False) -> tuple[str, ...]:
    """Return the scopes that are granted, each once; what nobody knows is dropped in silence.

    ``roles`` are those of the client's project; ``offline``: refresh tokens are allowed. Raises
    OIDC-ScopeTooLong.
    """
    named = words(asked)
    if len(named) > MOST or len(asked) > LONGEST:
        raise SCOPE_TOO_LONG(most=MOST, longest=LONGEST)

    def known(scope: str) -> bool:
        if scope == OFFLINE:
            return offline
        if scope.startswith(ROLE):
            return scope[len(ROLE) :] in roles
        return scope in _WHOLE or scope.startswith(_OPEN_ENDED)

    return tuple(scope for scope in dict.fromkeys(named) if known(scope))


async def fitting(call: Call, scopes: tuple[str, ...], org_id: str) -> tuple[str, ...]:
    """Leave out the organizations that a user is not of: nobody signs in with them, either.

    For grants that nobody signs in for; a token never names them.
    """
    if not any(scope.startswith(_OF_ORG) for scope in scopes):
        return scopes
    org: Org = await call.services.world.state(Stream(call.instance_id, "org", org_id))
    own = {ORG + org_id, ORG_DOMAIN + org.primary_domain}
    return tuple(scope for scope in scopes if scope in own or not scope.startswith(_OF_ORG))


def ends(scopes: Iterable[str], start: str) -> tuple[str, ...]:
    """Return what follows ``start`` in the scopes that begin with it."""
    return tuple(scope[len(start) :] for scope in scopes if scope.startswith(start))


async def audience(call: Call, own: Iterable[str], scopes: Iterable[str]) -> tuple[str, ...]:
    """Return whom a token is for: a client's own audience, and the projects that scopes name."""
    named = [
        end.removesuffix(_AUDIENCE) for end in ends(scopes, _PROJECT) if end.endswith(_AUDIENCE)
    ]
    if _OURS in named:
        stream = Stream(call.instance_id, "instance", call.instance_id)
        instance: Instance = await call.services.world.state(stream)
        named = [instance.project_id if each == _OURS else each for each in named]
    return tuple(dict.fromkeys((*own, *filter(None, named))))
