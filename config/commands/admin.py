"""``personae admin``: back into a system whose administrators are locked out, without a server."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Any

import click
from personae.config.commands.options import as_json, example, of_instance, store_command

if TYPE_CHECKING:
    from personae.actors.aggregates.dispatch import Dispatch
    from personae.config.settings import Settings

MOST = 4096
OWNER = "IAM_OWNER"

password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; else make one."
)


@click.group(epilog=example("personae admin create eve", "personae admin reset-password admin"))
def admin() -> None:
    """Let an administrator in again: works on the store, whether a server runs or not."""


@admin.command(epilog=example("personae admin create eve --email eve@example.com"))
@store_command
@of_instance
@click.argument("user")
@click.option("--email", help="The e-mail address; USER at the external domain without it.")
@click.option("--first-name", default="Admin")
@click.option("--last-name", default="User")
@password_stdin
@as_json
async def create(settings: Settings, *, instance: str, as_json: bool, **given: Any) -> None:
    """Create a person who owns the instance (IAM_OWNER), in its default organisation."""
    from personae.actors.domain.instance.commands import AddInstanceMember
    from personae.actors.domain.kit import Caller
    from personae.actors.domain.user.commands import AddHuman
    from personae.actors.domain.user.values import NewContact, Profile
    from personae.config.tools import aggregates, instance_of

    name, (password, made) = given["user"], _password(from_stdin=given["password_stdin"])
    email = given["email"] or f"{name}@{settings.external_domain}"
    async with aggregates(settings) as dispatch:
        one = await instance_of(dispatch.world.log, instance)
        caller = Caller.of_system(one)
        user_id = dispatch.world.new_id()
        org_id = (await dispatch.state(one, "instance", one)).default_org
        person = AddHuman(
            user_id=user_id,
            org_id=org_id,
            user_name=name,
            profile=Profile(first_name=given["first_name"], last_name=given["last_name"]),
            email=NewContact(value=email, verified=True),
            password=_new_password(password, made=made),
        )
        await dispatch.send(person, caller)
        await dispatch.send(
            AddInstanceMember(instance_id=one, user_id=user_id, roles=(OWNER,)), caller
        )
        shown = await _login_name(dispatch, one, user_id)
    _tell(
        f"created {shown}, owner of instance {one}",
        shown,
        user_id,
        password if made else None,
        as_json=as_json,
    )


@admin.command("reset-password", epilog=example("personae admin reset-password admin"))
@store_command
@of_instance
@click.argument("user")
@password_stdin
@as_json
async def reset_password(
    settings: Settings, *, instance: str, user: str, password_stdin: bool, as_json: bool
) -> None:
    """Give USER (a login name) a new password, to be changed at the next login, and unlock it."""
    from personae.actors.aggregates.login_names import user_of
    from personae.actors.domain.kit import Caller
    from personae.actors.domain.user.commands import ReactivateUser, UnlockUser, UpdateHuman
    from personae.actors.domain.user.values import Status
    from personae.config.tools import aggregates, instance_of

    password, made = _password(from_stdin=password_stdin)
    async with aggregates(settings) as dispatch:
        one = await instance_of(dispatch.world.log, instance)
        caller = Caller.of_system(one)
        user_id = await user_of(dispatch.world, one, user)
        if user_id is None:
            raise click.ClickException(f"instance {one} has no user {user}")
        status = (await dispatch.state(one, "user", user_id)).status
        cures = {Status.LOCKED: UnlockUser, Status.INACTIVE: ReactivateUser}
        if cure := cures.get(status):
            await dispatch.send(cure(user_id=user_id), caller)
        change = UpdateHuman(user_id=user_id, password=_new_password(password, made=made))
        await dispatch.send(change, caller)
        shown = await _login_name(dispatch, one, user_id)
    _tell(
        f"{shown} has a new password", shown, user_id, password if made else None, as_json=as_json
    )


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return the password, and whether it was made here."""
    if not from_stdin:
        return f"Aa1-{secrets.token_urlsafe(15)}", True
    given = sys.stdin.readline(MOST).rstrip("\r\n")
    if not given:
        raise click.ClickException("standard input holds no password")
    return given, False


def _new_password(plain: str, *, made: bool) -> Any:
    """Return a password; one that stood on a screen must be changed."""
    from personae.actors.domain.user.values import NewPassword

    return NewPassword(plain=plain, change_required=made)


async def _login_name(dispatch: Dispatch, instance_id: str, user_id: str) -> str:
    from personae.actors.aggregates.login_names import login_names

    user = await dispatch.aggregate(instance_id, "user", user_id)
    names = await login_names(dispatch.world, instance_id, user.state, user.owner)
    return next(iter(names), user.state.user_name)


def _tell(text: str, name: str, user_id: str, password: str | None, *, as_json: bool) -> None:
    """Say what was done, and a password that was made here: it is shown only this once."""
    from personae.config.commands.printing import print_json

    shown = {"password": password} if password else {}
    if as_json:
        print_json({"login_name": name, "user_id": user_id, **shown})
        return
    click.echo(text)
    for value in shown.values():
        click.echo(f"password: {value}  (shown only this once; change it at the next login)")
