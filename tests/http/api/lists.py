"""Every list of the API: where its rows are, what shows its columns of order, what its filters ask."""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from personae.http import wire
from personae.http.wire.descriptors import POOL

from tests.http.api.stock import (
    ACTIONS,
    APPS,
    GRANTS,
    INSTANCES,
    MEMBERS,
    ORGS,
    PROJECTS,
    SESSION,
    USER,
)

CREATED, CHANGED, EXPIRES = "creationDate", "changeDate", "expirationDate"
V2 = "zitadel.{}.v2.{}"
LOGIC = {"and", "or", "not"}
Meets = Callable[[dict], bool]


@dataclass
class List:
    """``sort``: what a row shows of each column of order, None where it does not.

    ``filters``: what it shows of that which each filter compares, or values of the filter, each with
    what it is to select. Texts are paths into a row. ``of``: what a request must name.
    """

    rows: str
    sort: dict[str, Any] = field(default_factory=dict)
    filters: dict[str, Any] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)


def at(path: str) -> Callable[[dict], Any]:
    """Return what reads a path of a row; of a list in it, all that are there."""

    def read(value, *names):
        if not names:
            return value
        if isinstance(value, list):
            return [read(one, *names) for one in value]
        return read(value[names[0]], *names[1:]) if names[0] in value else ""

    return lambda row: read(row, *path.split("."))


def number(enum: str, path: str) -> Callable[[dict], int]:
    """Return what reads the number of an enumeration's value."""
    values = POOL.FindEnumTypeByName(enum).values_by_name
    return lambda row: values[at(path)(row)].number


def oneof(*names: str) -> Callable[[dict], int]:
    """Return what reads which of several members a row has."""
    return lambda row: next(place for place, name in enumerate(names) if name in row)


def span(path: str) -> Callable[[dict], float]:
    return lambda row: float(at(path)(row).removesuffix("s"))


def kind_of(row: dict) -> int:
    return 1 if "human" in row else 2


STATE = V2.format("user", "UserState")
LISTS = {
    f"{ACTIONS}/ListTargets": List(
        "targets",
        sort={
            "ID": "id",
            "CREATED_DATE": CREATED,
            "CHANGED_DATE": CHANGED,
            "NAME": "name",
            "TARGET_TYPE": oneof("restWebhook", "restCall", "restAsync"),
            "URL": "endpoint",
            "TIMEOUT": span("timeout"),
            "INTERRUPT_ON_ERROR": lambda row: "interruptOnError" in str(row),
        },
        filters={"target_name_filter": "name", "in_target_ids_filter": "id"},
    ),
    f"{ACTIONS}/ListPublicKeys": List(
        "publicKeys",
        sort={"CREATION_DATE": CREATED, "CHANGE_DATE": CHANGED, "EXPIRATION_DATE": EXPIRES},
        filters={
            "key_ids_filter": "keyId",
            "active_filter": lambda row: bool(row.get("active")),
            "expiration_date_filter": EXPIRES,
        },
        of={"target_id": "target"},
    ),
    f"{ACTIONS}/ListExecutions": List(
        "executions",
        sort={"ID": None, "CREATED_DATE": CREATED, "CHANGED_DATE": CHANGED},
        filters={
            "in_conditions_filter": "condition",
            "execution_type_filter": [
                (
                    {"execution_type": "EXECUTION_TYPE_REQUEST"},
                    lambda row: "request" in row["condition"],
                ),
                (
                    {"execution_type": "EXECUTION_TYPE_EVENT"},
                    lambda row: "event" in row["condition"],
                ),
                (
                    {"execution_type": "EXECUTION_TYPE_FUNCTION"},
                    lambda row: "function" in row["condition"],
                ),
            ],
            "target_filter": "targets",
        },
    ),
    f"{APPS}/ListApplications": List(
        "applications",
        sort={
            "ID": "applicationId",
            "NAME": "name",
            "STATE": number(V2.format("application", "ApplicationState"), "state"),
            "CREATION_DATE": CREATED,
            "CHANGE_DATE": CHANGED,
        },
        filters={
            "project_id_filter": "projectId",
            "name_filter": "name",
            "state_filter": "state",
            "type_filter": [
                ("APPLICATION_TYPE_OIDC", lambda row: "oidcConfiguration" in row),
                ("APPLICATION_TYPE_API", lambda row: "apiConfiguration" in row),
            ],
            "client_id_filter": lambda row: (
                row.get("oidcConfiguration") or row["apiConfiguration"]
            )["clientId"],
            "entity_id_filter": [({"entity_id": "https://saml.test"}, lambda _row: False)],
        },
    ),
    f"{APPS}/ListApplicationKeys": List(
        "keys",
        sort={
            "ID": "keyId",
            "PROJECT_ID": "projectId",
            "APPLICATION_ID": "applicationId",
            "CREATION_DATE": CREATED,
            "ORGANIZATION_ID": "organizationId",
            "EXPIRATION": EXPIRES,
            "TYPE": None,
        },
        filters={
            "application_id_filter": "applicationId",
            "project_id_filter": "projectId",
            "organization_id_filter": "organizationId",
        },
    ),
    f"{GRANTS}/ListAuthorizations": List(
        "authorizations",
        sort={
            "CREATED_DATE": CREATED,
            "CHANGED_DATE": CHANGED,
            "ID": "id",
            "USER_ID": "user.id",
            "PROJECT_ID": "project.id",
            "ORGANIZATION_ID": "organization.id",
            "USER_ORGANIZATION_ID": "user.organizationId",
        },
        filters={
            "authorization_ids": "id",
            "organization_id": "organization.id",
            "state": "state",
            "in_user_ids": "user.id",
            "user_organization_id": "user.organizationId",
            "user_preferred_login_name": "user.preferredLoginName",
            "user_display_name": "user.displayName",
            "project_id": "project.id",
            "project_name": "project.name",
            "role_key": "roles.key",
            "project_grant_id": [({"id": "404"}, lambda _row: False)],
        },
    ),
    f"{INSTANCES}/ListInstances": List(
        "instances",
        sort={"ID": "id", "NAME": "name", "CREATION_DATE": CREATED},
        filters={"in_ids_filter": "id", "custom_domains_filter": "customDomains.domain"},
    ),
    f"{INSTANCES}/ListCustomDomains": List(
        "domains",
        sort={
            "DOMAIN": "domain",
            "PRIMARY": lambda row: row.get("primary", False),
            "GENERATED": lambda row: row.get("generated", False),
            "CREATION_DATE": CREATED,
        },
        filters={
            "domain_filter": "domain",
            "generated_filter": lambda row: row.get("generated", False),
            "primary_filter": lambda row: row.get("primary", False),
        },
    ),
    f"{INSTANCES}/ListTrustedDomains": List(
        "trustedDomain",
        sort={"DOMAIN": "domain", "CREATION_DATE": CREATED},
        filters={"domain_filter": "domain"},
    ),
    f"{MEMBERS}/ListAdministrators": List(
        "administrators",
        sort={"USER_ID": "user.id", "CREATION_DATE": CREATED, "CHANGE_DATE": CHANGED},
        filters={
            "creation_date": CREATED,
            "change_date": CHANGED,
            "in_user_ids_filter": "user.id",
            "user_organization_id": "user.organizationId",
            "user_preferred_login_name": "user.preferredLoginName",
            "user_display_name": "user.displayName",
            "role": "roles",
            "resource": [
                ({"instance": True}, lambda row: "instance" in row),
                ({"organization_id": "11"}, lambda row: at("organization.id")(row) == "11"),
                ({"project_id": "p3"}, lambda row: at("project.id")(row) == "p3"),
                (
                    {"project_grant": {"project_id": "p3", "organization_id": "11"}},
                    lambda row: at("projectGrant.projectId")(row) == "p3",
                ),
            ],
        },
    ),
    f"{USER}/ListUsers": List(
        "result",
        sort={
            "USER_NAME": "username",
            "FIRST_NAME": "human.profile.givenName",
            "LAST_NAME": "human.profile.familyName",
            "NICK_NAME": "human.profile.nickName",
            "DISPLAY_NAME": "human.profile.displayName",
            "EMAIL": "human.email.email",
            "STATE": number(STATE, "state"),
            "TYPE": kind_of,
            "CREATION_DATE": "details.creationDate",
        },
        filters={
            "user_name_query": "username",
            "first_name_query": "human.profile.givenName",
            "last_name_query": "human.profile.familyName",
            "nick_name_query": "human.profile.nickName",
            "display_name_query": "human.profile.displayName",
            "email_query": "human.email.email",
            "phone_query": "human.phone.phone",
            "state_query": "state",
            "type_query": [
                ({"type": "TYPE_HUMAN"}, lambda row: "human" in row),
                ({"type": "TYPE_MACHINE"}, lambda row: "machine" in row),
            ],
            "login_name_query": "loginNames",
            "in_user_ids_query": "userId",
            "in_user_emails_query": "human.email.email",
            "organization_id_query": "details.resourceOwner",
            "metadata_key_filter": [
                ({"key": "team-zoe"}, lambda row: row["userId"] == "u1"),
                (
                    {"key": "team-", "method": "TEXT_FILTER_METHOD_STARTS_WITH"},
                    lambda row: row["userId"] in {"u1", "u2", "u3"},
                ),
            ],
            "metadata_value_filter": [
                ({"value": "Wg=="}, lambda row: row["userId"] == "u2"),
                (
                    {"value": "Wg==", "method": "BYTE_FILTER_METHOD_NOT_EQUALS"},
                    lambda row: row["userId"] in {"u1", "u3"},
                ),
            ],
        },
    ),
    **{
        f"{USER}/List{what}": List(
            "result",
            sort={
                "CREATED_DATE": CREATED,
                "ID": "id",
                "USER_ID": "userId",
                "ORGANIZATION_ID": "organizationId",
                last: EXPIRES,
            },
            filters={
                one: "id",
                "user_id_filter": "userId",
                "organization_id_filter": "organizationId",
                "created_date_filter": CREATED,
                "expiration_date_filter": EXPIRES,
            },
        )
        for what, one, last in (
            ("Keys", "key_id_filter", "KEY_EXPIRATION_DATE"),
            ("PersonalAccessTokens", "token_id_filter", "EXPIRATION_DATE"),
        )
    },
    f"{USER}/ListIDPLinks": List("result", of={"user_id": "u1"}),
    f"{USER}/ListUserMetadata": List(
        "metadata", filters={"key_filter": "key"}, of={"user_id": "u1"}
    ),
    f"{ORGS}/ListOrganizations": List(
        "result",
        sort={"NAME": "name", "CREATION_DATE": "details.creationDate"},
        filters={
            "name_query": "name",
            "domain_query": "primaryDomain",
            "state_query": "state",
            "id_query": "id",
            "default_query": [({}, lambda row: row["id"] == "10")],
        },
    ),
    f"{ORGS}/ListOrganizationMetadata": List(
        "metadata", filters={"key_filter": "key"}, of={"organization_id": "12"}
    ),
    f"{ORGS}/ListOrganizationDomains": List(
        "domains",
        sort={"NAME": "domain", "CREATION_DATE": None},
        filters={"domain_filter": "domain"},
        of={"organization_id": "12"},
    ),
    f"{PROJECTS}/ListProjects": List(
        "projects",
        sort={"ID": "projectId", "CREATION_DATE": CREATED, "CHANGE_DATE": CHANGED, "NAME": "name"},
        filters={
            "project_name_filter": "name",
            "in_project_ids_filter": "projectId",
            "organization_id_filter": [
                ({"organization_id": "11"}, lambda row: row["projectId"] in {"p1", "p3"}),
                (
                    {"organization_id": "11", "type": "OWNED"},
                    lambda row: row["organizationId"] == "11",
                ),
                (
                    {"organization_id": "11", "type": "GRANTED"},
                    lambda row: row["projectId"] == "p3",
                ),
            ],
        },
    ),
    f"{PROJECTS}/ListProjectRoles": List(
        "projectRoles",
        sort={"KEY": "key", "CREATION_DATE": CREATED, "CHANGE_DATE": CHANGED},
        filters={"role_key_filter": "key", "display_name_filter": "displayName"},
        of={"project_id": "p2"},
    ),
    f"{PROJECTS}/ListProjectGrants": List(
        "projectGrants",
        sort={"PROJECT_ID": "projectId", "CREATION_DATE": CREATED, "CHANGE_DATE": CHANGED},
        filters={
            "project_name_filter": "projectName",
            "role_key_filter": "grantedRoleKeys",
            "in_project_ids_filter": "projectId",
            "organization_id_filter": "organizationId",
            "granted_organization_id_filter": "grantedOrganizationId",
        },
    ),
    f"{SESSION}/ListSessions": List(
        "sessions",
        sort={"CREATION_DATE": CREATED},
        filters={
            "ids_query": "id",
            "user_id_query": "factors.user.id",
            "creation_date_query": CREATED,
            "creator_query": [
                ({"id": "102"}, lambda row: row["userAgent"]["fingerprintId"] == "c")
            ],
            "user_agent_query": "userAgent.fingerprintId",
            "expiration_date_query": EXPIRES,
        },
    ),
}


def shown(what: Any) -> Callable[[dict], Any]:
    """Return what reads a column of a row."""
    return at(what) if isinstance(what, str) else what


def ordered(what: Any) -> Callable[[dict], Any]:
    """Return what rows are in order of: dates as such, none before all others; text without case."""
    read, dated = shown(what), isinstance(what, str) and what.endswith("Date")

    def key(row):
        value = read(row)
        if dated:
            return datetime.fromisoformat(value or "0001-01-01T00:00:00Z")
        return value.lower() if isinstance(value, str) else value

    return key


def columns(method: str) -> dict[str, int]:
    """Return the columns of order of a list by the end of their names, and their numbers."""
    found = wire.METHODS[method].request.DESCRIPTOR.fields_by_name.get("sorting_column")
    values = found.enum_type.values if found else ()
    return {
        re.split("FIELD_NAME_|SORT_BY_", value.name)[1]: value.number
        for value in values
        if not value.name.endswith("_UNSPECIFIED")
    }


def members(method: str) -> dict[str, Any]:
    """Return the fields of a list's filters by name, without and, or, not."""
    fields = wire.METHODS[method].request.DESCRIPTOR.fields_by_name
    found = fields.get("filters") or fields.get("queries") or fields.get("filter")
    own = found.message_type.oneofs[0].fields if found else ()
    return {field.name: field for field in own if field.name.partition("_")[0] not in LOGIC}


TEXT = {
    "EQUALS": lambda have, want: have == want,
    "STARTS_WITH": str.startswith,
    "CONTAINS": lambda have, want: want in have,
    "ENDS_WITH": str.endswith,
}
PART = {
    "EQUALS": slice(None),
    "STARTS_WITH": slice(2),
    "CONTAINS": slice(1, None),
    "ENDS_WITH": slice(-2, None),
}
"""What is asked for of a text, by method."""

TIME = {
    "EQUALS": operator.eq,
    "AFTER": operator.gt,
    "AFTER_OR_EQUALS": operator.ge,
    "BEFORE": operator.lt,
    "BEFORE_OR_EQUALS": operator.le,
    "GREATER": operator.gt,
    "GREATER_OR_EQUALS": operator.ge,
    "LESS": operator.lt,
    "LESS_OR_EQUALS": operator.le,
}


def cases(what: Any, member: Any, rows: list[dict]) -> Iterator[tuple[Any, Meets]]:
    """Yield values of a filter, each with which of the rows it is to select."""
    if isinstance(what, list):
        yield from what
        return
    read = shown(what)
    one = _one_of([read(row) for row in rows])
    if member.message_type is None:
        for value in (True, False) if isinstance(one, bool) else (one,):
            yield value, _meets(read, value, operator.eq)
        return
    fields = member.message_type.fields
    method = next((each for each in fields if each.name == "method"), None)
    value = next(each for each in fields if each.name != "method")
    if method is None:
        yield {value.name: [one] if value.is_repeated else one}, _meets(read, one, operator.eq)
        return
    by_method = _times if value.message_type else _texts
    for number in method.enum_type.values:
        for typed, test in by_method(number.name.partition("_METHOD_")[2], one):
            yield {value.name: typed, "method": number.name}, _meets(read, typed, test)


def _one_of(values):
    """Return a value that some rows show and not all, in the middle of them."""
    shared = (each for each in values if each not in ("", []) and values.count(each) < len(values))
    apart = sorted({str(each): each for each in shared}.items())
    found = apart[len(apart) // 2][1]
    return found[0] if isinstance(found, list) else found


def _meets(read, want, test) -> Meets:
    def meets(row):
        have = read(row)
        return any(test(each, want) for each in (have if isinstance(have, list) else [have]))

    return meets


def _texts(method, one):
    name = method.removesuffix("_IGNORE_CASE")
    part = one[PART[name]] or one
    if name == method:
        return [(part, TEXT[name])]
    return [(part.swapcase(), lambda have, want: TEXT[name](have.lower(), want.lower()))]


def _times(method, one):
    def test(have, want):
        return bool(have) and TIME[method](*map(datetime.fromisoformat, (have, want)))

    return [(one, test)]
