"""Orders to a user grant."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("usergrant", id="user_grant_id", owner="org_id", creates=True)
class AddUserGrant:
    """Give a user roles of a project, on behalf of the organisation that owns the grant."""

    user_grant_id: str
    org_id: str
    user_id: str
    project_id: str
    roles: tuple[str, ...]


@command("usergrant", id="user_grant_id")
class ChangeUserGrant:
    user_grant_id: str
    roles: tuple[str, ...]


@command("usergrant", id="user_grant_id")
class DeactivateUserGrant:
    user_grant_id: str


@command("usergrant", id="user_grant_id")
class ReactivateUserGrant:
    user_grant_id: str


@command("usergrant", id="user_grant_id")
class RemoveUserGrant:
    user_grant_id: str


@command("usergrant", id="user_grant_id")
class TidyUserGrant:
    """Take from a grant what it was given over and is there no more: user, project, roles."""

    user_grant_id: str
