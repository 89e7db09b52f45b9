"""``zitadel.user.v2.UserService``: lists of what users have."""

from __future__ import annotations

from typing import Any

from personae.http.api.reading import page_of, paged, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit import Page, Question, Row, Table
from personae.projections.machine_credentials import ACCESS_TOKENS, MACHINE_KEYS
from personae.projections.user_metadata import USER_METADATA

SERVICE = "zitadel.user.v2.UserService"
SORTED_BY = ("", "creation_date", "id", "user_id", "resource_owner", "expires")
"""Columns by the numbers of ``KeyFieldName`` and ``PersonalAccessTokenFieldName``."""


@rpc(f"{SERVICE}/ListKeys")
async def list_keys(request: Any, call: Call) -> Any:
    """Return the keys of machines that match, of those the caller may see."""
    return await _credentials(request, call, MACHINE_KEYS)


@rpc(f"{SERVICE}/ListPersonalAccessTokens")
async def list_personal_access_tokens(request: Any, call: Call) -> Any:
    """Return the personal access tokens that match, of those the caller may see."""
    return await _credentials(request, call, ACCESS_TOKENS)


async def _credentials(request: Any, call: Call, table: Table) -> Any:
    question = Question(
        table=table,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "user.read", "user_id"),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    return call.listing(
        pagination=pagination(page, question), result=[credential_of(row) for row in page.rows]
    )


def credential_of(row: Row) -> dict[str, Any]:
    """Return a key or token as the API shows it."""
    return {
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "id": row.id,
        "user_id": row.user_id,
        "organization_id": row.resource_owner,
        "expiration_date": row.expires,
    }


@rpc(f"{SERVICE}/ListUserMetadata")
async def list_user_metadata(request: Any, call: Call) -> Any:
    """Return the metadata of one user that match; none of a user one may not see."""
    question = Question(
        table=USER_METADATA,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "user.read", "user_id"),
        where={"user_id": request.user_id},
        filters=request.filters,
        **paged(request.pagination),
    )
    page: Page = await page_of(call, question)
    return call.listing(
        pagination=pagination(page, question), metadata=[entry_of(row) for row in page.rows]
    )


def entry_of(row: Row) -> dict[str, Any]:
    """Return one entry of metadata as the API shows it."""
    return {
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "key": row.key,
        "value": row.value,
    }
