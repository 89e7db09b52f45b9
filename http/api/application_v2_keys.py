"""``zitadel.application.v2.ApplicationService``: reading the keys of applications."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.project.refusals import KEY_NOT_FOUND
from personae.http.api.reading import IN_ORG, page_of, paged, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.app_keys import APP_KEYS
from personae.projections.kit import Allowed, Condition, Question, Row

SERVICE = "zitadel.application.v2.ApplicationService"
SORTED_BY = (
    "id",
    "project_id",
    "app_id",
    "creation_date",
    "resource_owner",
    "expires",
    "type",
)
"""Columns by the numbers of ``ApplicationKeysSorting``."""


@rpc(f"{SERVICE}/GetApplicationKey")
async def get_application_key(request: Any, call: Call) -> Message:
    """Return one key; never its private half, which is not here."""
    question = Question(
        table=APP_KEYS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        where={"id": request.key_id},
        limit=1,
    )
    rows = (await page_of(call, question)).rows
    if not rows:
        raise KEY_NOT_FOUND()
    [row] = rows
    return call.reply(key_id=row.id, creation_date=row.creation_date, expiration_date=row.expires)


@rpc(f"{SERVICE}/ListApplicationKeys")
async def list_application_keys(request: Any, call: Call) -> Any:
    """Return the keys that match, of those the caller may see."""
    question = Question(
        table=APP_KEYS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    return call.listing(
        keys=[key_of(row) for row in page.rows], pagination=pagination(page, question)
    )


async def _visible(call: Call) -> Allowed | Condition:
    return await visible(call, "project.app.read", by=IN_ORG | {"project": "project_id"})


def key_of(row: Row) -> dict[str, Any]:
    """Return a key as the API shows it."""
    return {
        "key_id": row.id,
        "application_id": row.app_id,
        "project_id": row.project_id,
        "creation_date": row.creation_date,
        "organization_id": row.resource_owner,
        "expiration_date": row.expires,
    }
