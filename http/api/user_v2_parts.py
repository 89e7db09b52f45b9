"""``zitadel.user.v2.UserService``: the methods that change one part of a human each."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user import commands as c
from personae.actors.domain.user.values import NewContact, NewPassword
from personae.http.api.guessing import send_change
from personae.http.api.humans import contact_of, phone_of
from personae.http.api.replies import done_details
from personae.http.api.user_v2 import update_human
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.user.v2.UserService"


@rpc(f"{SERVICE}/UpdateHumanUser")
async def update_human_user(request: Any, call: Call) -> Message:
    """Change what is given of a human."""
    user_name = request.username if request.HasField("username") else None
    done = await send_change(call, update_human(request.user_id, user_name, request))
    return call.reply(
        details=done_details(done),
        email_code=done.secrets.get("email_code"),
        phone_code=done.secrets.get("phone_code"),
    )


@rpc(f"{SERVICE}/SetEmail")
async def set_email(request: Any, call: Call) -> Message:
    """Set another e-mail address."""
    email = contact_of(request, request.email)
    done = await call.send(c.UpdateHuman(user_id=request.user_id, email=email))
    code = done.secrets.get("email_code")
    return call.reply(details=done_details(done), verification_code=code)


@rpc(f"{SERVICE}/SetPhone")
async def set_phone(request: Any, call: Call) -> Message:
    """Set another phone number."""
    phone = phone_of(request)
    done = await call.send(c.UpdateHuman(user_id=request.user_id, phone=phone))
    code = done.secrets.get("phone_code")
    return call.reply(details=done_details(done), verification_code=code)


@rpc(f"{SERVICE}/RemovePhone")
async def remove_phone(request: Any, call: Call) -> Message:
    """Remove the phone number; nothing when there is none."""
    command = c.UpdateHuman(user_id=request.user_id, phone=NewContact(value=""))
    return call.reply(details=done_details(await call.send(command)))


@rpc(f"{SERVICE}/SetPassword")
async def set_password(request: Any, call: Call) -> Message:
    """Set another password; people prove that it is theirs."""
    if not request.new_password.password:
        raise Wrong("min_len 1", "password", "new_password")
    password = NewPassword(
        plain=request.new_password.password,
        change_required=request.new_password.change_required,
    )
    command = c.UpdateHuman(
        user_id=request.user_id,
        password=password,
        current_password=request.current_password,
        password_code=request.verification_code,
    )
    done = await send_change(call, command)
    return call.reply(details=done_details(done))
