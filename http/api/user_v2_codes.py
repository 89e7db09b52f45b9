"""``zitadel.user.v2.UserService``: codes that verify, invite and reset, and what they open."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user import code_commands as c
from personae.http.api.guessing import send_guess
from personae.http.api.reading import services_of
from personae.http.api.replies import done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.user.v2.UserService"
SMS = 2
"""The number of ``NOTIFICATION_TYPE_SMS``."""


@rpc(f"{SERVICE}/SendEmailCode")
async def send_email_code(request: Any, call: Call) -> Message:
    """Send or return a code that verifies the e-mail address."""
    return await _verification(call, _email_code(request, again=False))


@rpc(f"{SERVICE}/ResendEmailCode")
async def resend_email_code(request: Any, call: Call) -> Message:
    """Send or return another one, which ends the one before."""
    return await _verification(call, _email_code(request, again=True))


def _email_code(request: Any, *, again: bool) -> c.SendEmailCode:
    return c.SendEmailCode(
        user_id=request.user_id,
        return_code=request.HasField("return_code"),
        url_template=request.send_code.url_template,
        again=again,
    )


@rpc(f"{SERVICE}/ResendPhoneCode")
async def resend_phone_code(request: Any, call: Call) -> Message:
    """Send or return another code that verifies the phone number."""
    returned = request.HasField("return_code")
    return await _verification(call, c.SendPhoneCode(user_id=request.user_id, return_code=returned))


@rpc(f"{SERVICE}/PasswordReset")
async def password_reset(request: Any, call: Call) -> Message:
    """Send or return a code that a new password may be set with."""
    kind = request.send_link.notification_type
    if not 0 <= kind <= SMS:
        raise Wrong("defined_only", "notification_type", "send_link")
    command = c.ResetPassword(
        user_id=request.user_id,
        return_code=request.HasField("return_code"),
        by_sms=kind == SMS,
        url_template=request.send_link.url_template,
    )
    return await _verification(call, command)


async def _verification(call: Call, command: object) -> Message:
    done = await call.send(command)
    return call.reply(details=done_details(done), verification_code=done.secrets.get("code"))


@rpc(f"{SERVICE}/VerifyEmail")
async def verify_email(request: Any, call: Call) -> Message:
    """Enter the code that was sent to the e-mail address."""
    code = request.verification_code
    return await _entered(call, c.VerifyEmail(user_id=request.user_id, code=code))


@rpc(f"{SERVICE}/VerifyPhone")
async def verify_phone(request: Any, call: Call) -> Message:
    """Enter the code that was sent to the phone number."""
    code = request.verification_code
    return await _entered(call, c.VerifyPhone(user_id=request.user_id, code=code))


@rpc(f"{SERVICE}/CreateInviteCode")
async def create_invite_code(request: Any, call: Call) -> Message:
    """Invite a user who has no way to sign in yet: send or return a code."""
    done = await call.send(
        c.Invite(
            user_id=request.user_id,
            return_code=request.HasField("return_code"),
            url_template=request.send_code.url_template,
            application_name=request.send_code.application_name,
        )
    )
    return call.reply(details=done_details(done), invite_code=done.secrets.get("code"))


@rpc(f"{SERVICE}/ResendInviteCode")
async def resend_invite_code(request: Any, call: Call) -> Message:
    """Send another invitation in the manner of the one before."""
    return await _details(call, c.InviteAgain(user_id=request.user_id))


@rpc(f"{SERVICE}/VerifyInviteCode")
async def verify_invite_code(request: Any, call: Call) -> Message:
    """Enter the code of an invitation, which verifies the e-mail address too."""
    code = request.verification_code
    return await _entered(call, c.VerifyInvite(user_id=request.user_id, code=code))


@rpc(f"{SERVICE}/CreatePasskeyRegistrationLink")
async def create_passkey_registration_link(request: Any, call: Call) -> Message:
    """Send or return a code that a passkey may be registered with."""
    code_id = services_of(call).new_id()
    done = await call.send(
        c.LinkPasskeyRegistration(
            user_id=request.user_id,
            code_id=code_id,
            return_code=request.HasField("return_code"),
            url_template=request.send_link.url_template,
        )
    )
    plain = done.secrets.get("code")
    return call.reply(details=done_details(done), code=plain and {"id": code_id, "code": plain})


async def _entered(call: Call, command: c.VerifyEmail | c.VerifyPhone | c.VerifyInvite) -> Message:
    return call.reply(details=done_details(await send_guess(call, command.user_id, command)))


async def _details(call: Call, command: object) -> Message:
    return call.reply(details=done_details(await call.send(command)))
