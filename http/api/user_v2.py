"""``zitadel.user.v2.UserService``: creating, changing and deleting users."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.org.refusals import NOT_FOUND as ORG_NOT_FOUND
from personae.actors.domain.org.state import ORG_DOMAINS
from personae.actors.domain.user import commands as c
from personae.actors.domain.user.values import (
    AccessTokenType,
    NewPassword,
    ProfileChange,
)
from personae.http.api.guessing import send_change
from personae.http.api.humans import (
    contact_of,
    gender_of,
    metadata_of,
    new_human,
    new_user_id,
    password_of,
    phone_of,
)
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.replies import done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.user.v2.UserService"


@rpc(f"{SERVICE}/CreateUser")
async def create_user(request: Any, call: Call) -> Message:
    """Create a human or a machine."""
    user_id = await new_user_id(call, request.user_id, "user.write", request.organization_id)
    done = await call.send(_new_user(request, user_id))
    return call.reply(
        id=user_id,
        creation_date=done.created_at,
        email_code=done.secrets.get("email_code"),
        phone_code=done.secrets.get("phone_code"),
    )


def _new_user(request: Any, user_id: str) -> c.AddHuman | c.AddMachine:
    metadata = metadata_of(request.metadata)
    match request.WhichOneof("user_type"):
        case "human":
            human = new_human(user_id, request.organization_id, request.username, request.human)
            return replace(human, metadata=(*metadata, *human.metadata))
        case "machine":
            return c.AddMachine(
                user_id=user_id,
                org_id=request.organization_id,
                user_name=request.username or user_id,
                name=request.machine.name,
                description=request.machine.description,
                access_token_type=AccessTokenType(request.machine.access_token_type),
                metadata=metadata,
            )
    raise Wrong("human or machine", "user_type")


@rpc(f"{SERVICE}/AddHumanUser")
async def add_human_user(request: Any, call: Call) -> Message:
    """Create a human."""
    org_id = await _organisation(request.organization, call)
    user_id = await new_user_id(call, request.user_id, "user.write", org_id)
    done = await call.send(new_human(user_id, org_id, request.username, request))
    return call.reply(
        user_id=user_id,
        details=done_details(done),
        email_code=done.secrets.get("email_code"),
        phone_code=done.secrets.get("phone_code"),
    )


async def _organisation(organization: Any, call: Call) -> str:
    """Return the organisation that is named by id or domain, else the caller's context."""
    if not organization.org_domain:
        return organization.org_id or call.caller.org_id
    domain = organization.org_domain.lower()
    log = services_of(call).world.log
    found = await log.holder(call.caller.instance_id, ORG_DOMAINS, domain)
    if found is None:
        raise ORG_NOT_FOUND()
    return found


@rpc(f"{SERVICE}/UpdateUser")
async def update_user(request: Any, call: Call) -> Message:
    """Change what is given."""
    done = await send_change(call, await _update(request, call))
    return call.reply(
        change_date=done.changed_at,
        email_code=done.secrets.get("email_code"),
        phone_code=done.secrets.get("phone_code"),
    )


async def _update(request: Any, call: Call) -> c.UpdateHuman | c.UpdateMachine:
    user_name = given(request, "username")
    kind = request.WhichOneof("user_type")
    if kind is None:  # only the name: what is to be changed tells its kind
        user = (await aggregate_of(call, "user", request.user_id)).state
        kind = "machine" if user.machine else "human"
    if kind == "machine":
        machine = request.machine
        token_type = given(machine, "access_token_type")
        return c.UpdateMachine(
            user_id=request.user_id,
            user_name=user_name,
            name=given(machine, "name"),
            description=given(machine, "description"),
            access_token_type=None if token_type is None else AccessTokenType(token_type),
            metadata=metadata_of(request.metadata),
        )
    human = update_human(request.user_id, user_name, request.human)
    return replace(human, metadata=metadata_of(request.metadata))


def update_human(user_id: str, user_name: str | None, human: Any) -> c.UpdateHuman:
    """Return the command that changes what is given of a human."""
    password = human.password if human.HasField("password") else None
    return c.UpdateHuman(
        user_id=user_id,
        user_name=user_name,
        profile=profile_change(human.profile) if human.HasField("profile") else None,
        email=contact_of(human.email, human.email.email) if human.HasField("email") else None,
        phone=phone_of(human.phone) if human.HasField("phone") else None,
        password=None if password is None else _new_password(password),
        current_password="" if password is None else password.current_password,
        password_code="" if password is None else password.verification_code,
    )


def _new_password(password: Any) -> NewPassword:
    new = password_of(password)
    if new is None:
        raise Wrong("password or hashed_password", "password_type")
    return new


def profile_change(profile: Any) -> ProfileChange:
    """Return the parts of a profile to change."""
    gender = given(profile, "gender")
    return ProfileChange(
        first_name=given(profile, "given_name"),
        last_name=given(profile, "family_name"),
        nick_name=given(profile, "nick_name"),
        display_name=given(profile, "display_name"),
        preferred_language=given(profile, "preferred_language"),
        gender=None if gender is None else gender_of(gender),
    )


def given(message: Any, field: str) -> Any:
    """Return a field, or ``None`` when it may be absent and is."""
    presence = message.DESCRIPTOR.fields_by_name[field].has_presence
    return getattr(message, field) if not presence or message.HasField(field) else None


@rpc(f"{SERVICE}/DeleteUser")
async def delete_user(request: Any, call: Call) -> Message:
    """Delete a user for good."""
    return await _details(call, c.RemoveUser(user_id=request.user_id))


@rpc(f"{SERVICE}/DeactivateUser")
async def deactivate_user(request: Any, call: Call) -> Message:
    """Take away a user's right to sign in."""
    return await _details(call, c.DeactivateUser(user_id=request.user_id))


@rpc(f"{SERVICE}/ReactivateUser")
async def reactivate_user(request: Any, call: Call) -> Message:
    """Give it back."""
    return await _details(call, c.ReactivateUser(user_id=request.user_id))


@rpc(f"{SERVICE}/LockUser")
async def lock_user(request: Any, call: Call) -> Message:
    """Lock a user, as too many wrong passwords do."""
    return await _details(call, c.LockUser(user_id=request.user_id))


@rpc(f"{SERVICE}/UnlockUser")
async def unlock_user(request: Any, call: Call) -> Message:
    """Unlock a user."""
    return await _details(call, c.UnlockUser(user_id=request.user_id))


async def _details(call: Call, command: object) -> Message:
    return call.reply(details=done_details(await call.send(command)))
