"""Users, human and machine.

Login names are no column: they hang on the domains of the organisation and on the policy of the
instance. Questions compare them in SQL, answers take them from memory.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.user import events as e
from personae.actors.domain.user.state import STATUS_AFTER, changed
from personae.actors.domain.user.values import Status
from personae.projections.instances import INSTANCES
from personae.projections.kit import (
    Column,
    Condition,
    Row,
    Table,
    boolean,
    compare,
    integer,
    text,
    timestamp,
)
from personae.projections.kit.expression import sorting, view
from personae.projections.kit.filters import INVALID_FILTER
from personae.projections.orgs import ORGS
from personae.projections.orgs import SCOPED as NAMES
from personae.projections.phones import normal
from personae.projections.user_metadata import USER_METADATA


class Type(IntEnum):
    """What kind of user; the numbers are the API's."""

    HUMAN = 1
    MACHINE = 2


USERS = Table(
    "users",
    version=5,
    columns={
        "creation_date": timestamp(index=True),
        "type": integer(),
        "state": integer(),
        "user_name": text(index=True, lower=True),
        "first_name": text(lower=True),
        "last_name": text(lower=True),
        "nick_name": text(lower=True),
        "display_name": text(lower=True),
        "preferred_language": text(),
        "gender": integer(),
        "email": text(index=True, lower=True),
        "email_verified": boolean(),
        "phone": text(),
        "phone_normal": text(index=True),
        "phone_verified": boolean(),
        "password_change_required": boolean(),
        "password_changed": timestamp(),
        "mfa_init_skipped": timestamp(),
        "name": text(),
        "description": text(),
        "access_token_type": integer(),
        "has_secret": boolean(),
    },
)
"""``state`` is the domain's status. ``name`` and what follows is of machines, but the last.

``phone`` is as it was given, older ones as somebody typed them; ``phone_normal`` is looked for.
"""


@USERS.on(e.HumanAdded, e.HumanRegistered)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return USERS.new(
        type=int(Type.HUMAN),
        state=int(Status.ACTIVE),
        user_name=event.user_name,
        first_name=event.first_name,
        last_name=event.last_name,
        nick_name=event.nick_name,
        display_name=event.display_name,
        preferred_language=event.preferred_language,
        gender=int(event.gender),
        email=event.email,
        phone=event.phone,
        phone_normal=normal(event.phone),
        password_change_required=event.change_required,
        password_changed=recorded.created_at if event.encoded_hash else None,
    )


@USERS.on(e.MachineAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return USERS.new(
        type=int(Type.MACHINE),
        state=int(Status.ACTIVE),
        user_name=event.user_name,
        name=event.name,
        description=event.description,
        access_token_type=int(event.access_token_type),
    )


@USERS.on(e.UsernameChanged, e.DomainClaimed, e.ProfileChanged, e.MachineChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(**changed(recorded.event))


@USERS.on(*STATUS_AFTER)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(state=int(STATUS_AFTER[type(recorded.event)]))


@USERS.on(e.EmailChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(email=recorded.event.email, email_verified=False)


@USERS.on(e.EmailVerified)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(email_verified=True)


@USERS.on(e.PhoneChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    phone = recorded.event.phone
    return row and row.but(phone=phone, phone_normal=normal(phone), phone_verified=False)


@USERS.on(e.PhoneRemoved)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(phone="", phone_normal="", phone_verified=False)


@USERS.on(e.PhoneVerified)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(phone_verified=True)


@USERS.on(e.PasswordChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(
        password_changed=recorded.created_at,
        password_change_required=recorded.event.change_required,
    )


@USERS.on(e.MfaSetupSkipped)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(mfa_init_skipped=recorded.created_at)


@USERS.on(e.MachineSecretSet)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(has_secret=True)


@USERS.on(e.MachineSecretRemoved)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(has_secret=False)


USERS.forget_on(e.UserRemoved)
USERS.forget_on(OrgRemoved, column="resource_owner")
USERS.forget_instance_on(InstanceRemoved)

SCOPED = (
    f"EXISTS (SELECT FROM {view(INSTANCES)} i LEFT JOIN {view(ORGS)} s"
    " ON s.instance_id = i.instance_id AND s.id = t.resource_owner"
    " WHERE i.instance_id = t.instance_id"
    f" AND CASE coalesce(s.naming, 0) WHEN 0 THEN i.scoped_user_names ELSE s.naming = {NAMES} END)"
)
"""What users meet whose login names end in a domain of their organisation."""


def has_login_name(query: Any) -> Condition:
    """Return what users meet with a login name like the one of a filter message."""
    return login_name_like(query.login_name, query.method)


def of_login_name(by: str, login_name: str, method: int) -> Condition:
    """Return what rows of another table meet whose column ``by`` holds such a user's id."""
    return _users(by, login_name_like(login_name, method))


def shown_as(by: str, name: str, method: int) -> Condition:
    """Return what rows of another table meet whose column ``by`` holds a user called like this.

    Humans have a display name, machines are shown by their name.
    """
    of_type = f"CASE WHEN t.type = {int(Type.MACHINE)} THEN t.name ELSE t.display_name END"
    return _users(by, compare.text(of_type, USERS.columns["display_name"], name, method))


def has_email(address: str) -> Condition:
    """Return what users meet whose verified address is this, in any case."""
    same = f"{sorting(USERS, 'email')} = %s"
    return Condition(f"t.email_verified AND {same}", (address.lower(),))


def has_phone(number: str) -> Condition:
    """Return what users meet whose verified number is this, however it is written."""
    return Condition("t.phone_verified AND t.phone_normal = %s", (normal(number),))


def phone_like(query: Any) -> Condition:
    """Return what users meet with a phone number like that of a filter message."""
    if "\0" in query.number:
        raise INVALID_FILTER(field="phone_query")
    column = USERS.columns["phone_normal"]
    return compare.text("t.phone_normal", column, normal(query.number), query.method)


def _users(by: str, found: Condition) -> Condition:
    users = f"SELECT t.instance_id, t.id FROM {view(USERS)} t WHERE {found.sql}"
    return Condition(f'(t.instance_id, t."{by}") IN ({users})', found.params)


def login_name_like(login_name: str, method: int) -> Condition:
    """Return what users meet with a login name like this, by a method of text filters."""
    column: Column = USERS.columns["user_name"]
    plain = compare.text('t."user_name"', column, login_name, method)
    scoped = compare.text("t.user_name || '@' || d", column, login_name, method)
    return Condition(
        f"CASE WHEN {SCOPED} THEN EXISTS (SELECT FROM {view(ORGS)} o, unnest(o.domains) d"
        f" WHERE o.instance_id = t.instance_id AND o.id = t.resource_owner AND {scoped.sql})"
        f" ELSE {plain.sql} END",
        (*scoped.params, *plain.params),
    )


def named_in(domain: str) -> Condition:
    """Return what users meet whose user name ends in ``@`` and a domain."""
    name = "lower(split_part(t.user_name, '@', -1))"
    return Condition(f"position('@' in t.user_name) > 0 AND {name} = %s", (domain,))


USERS.filters(
    user_name_query="user_name",
    first_name_query="first_name",
    last_name_query="last_name",
    nick_name_query="nick_name",
    display_name_query="display_name",
    email_query="email",
    phone_query=phone_like,
    state_query="state",
    type_query="type",
    login_name_query=has_login_name,
    in_user_ids_query="id",
    in_user_emails_query="email",
    organization_id_query="resource_owner",
    metadata_key_filter=USER_METADATA.via("user_id", "key"),
    metadata_value_filter=USER_METADATA.via("user_id", "value"),
)
