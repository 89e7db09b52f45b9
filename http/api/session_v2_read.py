"""``zitadel.session.v2.SessionService``: reading sessions."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.session.refusals import NOT_FOUND, TOKEN_INVALID
from personae.actors.domain.session.state import Session
from personae.http.api.reading import (
    aggregate_of,
    page_of,
    paged,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import list_details
from personae.http.api.rows import fresh_row
from personae.http.api.session_v2_tokens import presented
from personae.http.api.user_v2_read import names_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit import Question, Row
from personae.projections.sessions import SESSIONS
from personae.projections.users import USERS

SERVICE = "zitadel.session.v2.SessionService"
FACTORS = ("password", "intent", "totp", "otp_sms", "otp_email", "recovery_code", "web_auth_n")
SORTED_BY = ("", "creation_date")
"""Columns by the numbers of ``SessionFieldName``."""


@rpc(f"{SERVICE}/GetSession")
async def get_session(request: Any, call: Call) -> Message:
    """Return one session: to who shows its token, to its user and creator, and with permission."""
    aggregate = await aggregate_of(call, "session", request.session_id)
    session: Session = aggregate.state
    token_id = presented(call, request)
    row = await fresh_row(services_of(call).projections, SESSIONS, aggregate)
    if row is None:
        raise NOT_FOUND()
    if token_id and token_id != session.token_id:
        raise TOKEN_INVALID()
    if not (token_id or await _may_see(call, row)):
        raise NOT_FOUND()
    return call.reply(session=await session_of(call, row))


async def _may_see(call: Call, row: Row) -> bool:
    if call.caller.user_id in {row.user_id, row.creator}:
        return True
    permissions = services_of(call).world.permissions
    return await permissions.allows(call.caller, "session.read", row.user_org)


@rpc(f"{SERVICE}/ListSessions")
async def list_sessions(request: Any, call: Call) -> Any:
    """Return the sessions that match, of those the caller may see."""
    fill_in_caller(request, call)
    question = Question(
        table=SESSIONS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "session.read", "user_id", "creator", by={"org": "user_org"}),
        filters=request.queries,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.query),
    )
    page = await page_of(call, question, USERS)
    return call.listing(
        details=list_details(call, page),
        sessions=[await session_of(call, row) for row in page.rows],
    )


def fill_in_caller(request: Any, call: Call) -> None:
    """Let filters on creator and user agent that name none mean those of the caller."""
    for query in request.queries:
        match query.WhichOneof("query"):
            case "creator_query" if not query.creator_query.id:
                query.creator_query.id = call.caller.user_id
            case "user_agent_query" if not query.user_agent_query.fingerprint_id:
                query.user_agent_query.fingerprint_id = call.caller.agent_id


async def session_of(call: Call, row: Row) -> dict[str, Any]:
    """Return a session as the API shows it."""
    return {
        "id": row.id,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "sequence": row.sequence,
        "factors": await _factors(call, row),
        "metadata": {key: b64decode(value) for key, value in row.metadata.items()},
        "user_agent": _agent(row),
        "expiration_date": row.expires,
    }


async def _factors(call: Call, row: Row) -> dict[str, Any] | None:
    if not row.user_id:
        return None
    names = await names_of(call, row.user_name or "", row.user_org)
    user = {
        "verified_at": row.user_checked,
        "id": row.user_id,
        "login_name": names[0] if names else "",
        "display_name": row.display_name,
        "organization_id": row.user_org,
    }
    checked = {name: getattr(row, f"{name}_checked") for name in FACTORS}
    factors = {name: at and {"verified_at": at} for name, at in checked.items()}
    if factors["web_auth_n"]:
        factors["web_auth_n"]["user_verified"] = row.user_verified
    return {"user": user, **factors}


def _agent(row: Row) -> dict[str, Any] | None:
    agent = row.user_agent
    if agent is None:
        return None
    header = {name: {"values": values} for name, values in agent["header"].items()}
    return {**agent, "header": header}
