"""``zitadel.user.v2.UserService``: reading users."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.login_names import endings, login_names
from personae.actors.domain.user.refusals import NOT_FOUND
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import Status
from personae.http.api.reading import (
    aggregate_of,
    page_of,
    paged,
    row_of,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import list_details, row_details
from personae.http.api.times import Moment, moments, timestamp
from personae.http.wire.call import Call
from personae.http.wire.descriptors import message_class
from personae.http.wire.registry import rpc
from personae.http.wire.render import piece
from personae.projections.instances import INSTANCES
from personae.projections.kit import Question, Row
from personae.projections.orgs import ORGS
from personae.projections.user_metadata import USER_METADATA
from personae.projections.users import USERS, Type

SERVICE = "zitadel.user.v2.UserService"
SORTED_BY = (
    "",
    "user_name",
    "first_name",
    "last_name",
    "nick_name",
    "display_name",
    "email",
    "state",
    "type",
    "creation_date",
)
"""Columns by the numbers of ``UserFieldName``."""

USER = message_class("zitadel.user.v2.User")

SHOWN = 5_000
"""Users that a process remembers as lists show them: some 2 KB each."""

STATES = {Status.INITIAL: 5}
"""States whose number in the API is not the domain's."""


@rpc(f"{SERVICE}/GetUserByID")
async def get_user_by_id(request: Any, call: Call) -> Message:
    """Return one user; oneself always."""
    user = await aggregate_of(call, "user", request.user_id)
    if not user.state.exists or not await _may_see(call, request.user_id, user.owner):
        raise NOT_FOUND()
    row = await row_of(call, USERS, user)
    if row is None:
        raise NOT_FOUND()
    names = await names_of(call, row.user_name, row.resource_owner)
    return call.reply(details=row_details(row), user=user_of(row, names))


async def _may_see(call: Call, user_id: str, org_id: str) -> bool:
    permissions = services_of(call).world.permissions
    return user_id == call.caller.user_id or await permissions.allows(
        call.caller, "user.read", org_id
    )


@rpc(f"{SERVICE}/ListUsers")
async def list_users(request: Any, call: Call) -> Any:
    """Return the users that match, of those the caller may see."""
    question = Question(
        table=USERS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "user.read", "id"),
        filters=request.queries,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.query),
    )
    page = await page_of(call, question, USER_METADATA, ORGS, INSTANCES)
    return call.listing(
        details=list_details(call, page),
        sorting_column=request.sorting_column,
        result=await _users_of(call, page.rows),
    )


async def _users_of(call: Call, rows: list[Row]) -> list[Any]:
    """Return users as lists show them; what their organisations add is looked up once."""
    world, instance_id = services_of(call).world, call.caller.instance_id
    orgs = {row.resource_owner for row in rows}
    after = {org_id: tuple(await endings(world, instance_id, org_id)) for org_id in orgs}
    return [_shown(row, after[row.resource_owner], json=call.json) for row in rows]


@lru_cache(maxsize=SHOWN)
def _shown(row: Row, after: tuple[str, ...], *, json: bool) -> Any:
    """Return a user as a list shows it: of all that is asked again, little has changed."""
    user = user_of(row, [row.user_name + end for end in after], moments(json=json))
    return piece(USER, user, json=json)


def user_of(row: Row, names: list[str], moment: Moment = timestamp) -> dict[str, Any]:
    """Return a user with its login names as the API shows it."""
    shared = {
        "user_id": row.id,
        "state": STATES.get(row.state, row.state),
        "username": row.user_name,
        "login_names": names,
        "preferred_login_name": names[0] if names else "",
    }
    user = {**shared, "details": row_details(row, moment)}
    if row.type == Type.MACHINE:
        return {**user, "machine": _machine(row)}
    return {**user, "human": {**shared, **_human(row, moment)}}


def _human(row: Row, moment: Moment) -> dict[str, Any]:
    return {
        "profile": {
            "given_name": row.first_name,
            "family_name": row.last_name,
            "nick_name": row.nick_name,
            "display_name": row.display_name,
            "preferred_language": row.preferred_language,
            "gender": row.gender,
        },
        "email": {"email": row.email, "is_verified": row.email_verified},
        "phone": {"phone": row.phone, "is_verified": row.phone_verified} if row.phone else None,
        "password_change_required": row.password_change_required,
        "password_changed": moment(row.password_changed),
        "mfa_init_skipped": moment(row.mfa_init_skipped),
    }


def _machine(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": row.description,
        "has_secret": row.has_secret,
        "access_token_type": row.access_token_type,
    }


async def names_of(call: Call, user_name: str, org_id: str) -> list[str]:
    """Return the login names of a user, the preferred one first."""
    world = services_of(call).world
    return await login_names(world, call.caller.instance_id, User(user_name=user_name), org_id)
