"""User grants (authorizations): which roles of a project users have.

Rows of deleted users and projects go by the events of the worker that tidies up after them.
"""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.user_grant import events as e
from personae.actors.domain.user_grant.state import Status
from personae.projections.kit import Condition, Row, Table, integer, lookup, text, text_list
from personae.projections.orgs import ORGS
from personae.projections.projects import PROJECTS
from personae.projections.users import USERS, of_login_name, shown_as

USER_GRANTS = Table(
    "user_grants",
    version=1,
    columns={
        "user_id": text(index=True),
        "project_id": text(index=True),
        "grant_id": text(index=True),
        "roles": text_list(),
        "state": integer(),
        "user_name": lookup(USERS, "user_name", by="user_id"),
        "display_name": lookup(USERS, "display_name", by="user_id"),
        "machine_name": lookup(USERS, "name", by="user_id"),
        "user_org": lookup(USERS, "resource_owner", by="user_id"),
        "project_name": lookup(PROJECTS, "name", by="project_id"),
        "project_org": lookup(PROJECTS, "resource_owner", by="project_id"),
        "org_name": lookup(ORGS, "name", by="resource_owner"),
    },
)
"""``grant_id`` is that of the project grant it is given over, empty for the project's owner."""


@USER_GRANTS.on(e.UserGrantAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return USER_GRANTS.new(
        user_id=event.user_id,
        project_id=event.project_id,
        grant_id=event.grant_id,
        roles=event.role_keys,
        state=int(Status.ACTIVE),
    )


@USER_GRANTS.on(e.UserGrantChanged, e.UserGrantCascadeChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(roles=recorded.event.role_keys)


@USER_GRANTS.on(e.UserGrantDeactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


@USER_GRANTS.on(e.UserGrantReactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


def user_has_login_name(query: Any) -> Condition:
    """Return what grants meet whose user has a login name like the one of a filter message."""
    return of_login_name("user_id", query.login_name, query.method)


def user_is_shown_as(query: Any) -> Condition:
    """Return what grants meet whose user is called like the name of a filter message."""
    return shown_as("user_id", query.display_name, query.method)


USER_GRANTS.forget_on(e.UserGrantRemoved, e.UserGrantCascadeRemoved)
USER_GRANTS.forget_on(OrgRemoved, column="resource_owner")
USER_GRANTS.forget_instance_on(InstanceRemoved)
USER_GRANTS.filters(
    authorization_ids="id",
    organization_id="resource_owner",
    state="state",
    in_user_ids="user_id",
    user_organization_id="user_org",
    user_preferred_login_name=user_has_login_name,
    user_display_name=user_is_shown_as,
    project_id="project_id",
    project_name="project_name",
    role_key="roles",
    project_grant_id="grant_id",
)
