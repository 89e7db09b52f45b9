"""What scopes let a client know and do, in words that people use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.actors.domain.kit import Stream
from personae.http.login.pages import fill
from personae.http.login.visit import Visit

ROLE = "urn:zitadel:iam:org:project:role:"
PROJECT, AUDIENCE = "urn:zitadel:iam:org:project:id:", ":aud"
OURS = "zitadel"
KEYS: Mapping[str, str] = {
    "openid": "openid",
    "profile": "profile",
    "email": "email",
    "phone": "phone",
    "address": "address",
    "offline_access": "offline",
    "urn:zitadel:iam:user:metadata": "metadata",
    "urn:zitadel:iam:user:resourceowner": "organization",
    "urn:zitadel:iam:org:projects:roles": "roles",
}
"""The texts of whole scopes, below ``consent.scope``."""
STARTS = (
    (ROLE, "role"),
    ("urn:zitadel:iam:org:id:", "organization"),
    ("urn:zitadel:iam:org:domain:primary:", "organization"),
)
SILENT = ("urn:zitadel:iam:org:roles:id:", "urn:zitadel:iam:org:idp:id:")
"""What these start only narrows what others give."""


async def words(visit: Visit, scopes: tuple[str, ...]) -> list[str]:
    """Return one sentence for each thing that scopes give, in their order."""
    said = [await _sentence(visit, scope) for scope in scopes if not scope.startswith(SILENT)]
    return list(dict.fromkeys(filter(None, said)))


async def _sentence(visit: Visit, scope: str) -> str:
    texts: Mapping[str, Any] = visit.texts["consent"]["scope"]
    if scope in KEYS:
        return str(texts[KEYS[scope]])
    for start, key in STARTS:
        if scope.startswith(start):
            return fill(texts[key], name=scope.removeprefix(start))
    if scope.startswith(PROJECT) and scope.endswith(AUDIENCE):
        return await _of_project(visit, scope[len(PROJECT) : -len(AUDIENCE)])
    return fill(texts["other"], name=scope)


async def _of_project(visit: Visit, project_id: str) -> str:
    texts: Mapping[str, Any] = visit.texts["consent"]["scope"]
    if project_id in {OURS, visit.instance.project_id}:
        return str(texts["ours"])
    project = await visit.services.world.state(Stream(visit.instance_id, "project", project_id))
    return fill(texts["project"], name=project.name) if project.exists else ""
