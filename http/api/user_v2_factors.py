"""``zitadel.user.v2.UserService``: second factors by code, and accounts elsewhere."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.factors import Channel
from personae.http.api.guessing import send_guess
from personae.http.api.humans import link_of
from personae.http.api.replies import done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.user.v2.UserService"


@rpc(f"{SERVICE}/RegisterTOTP")
async def register_totp(request: Any, call: Call) -> Message:
    """Make a secret for an authenticator app; shown once, and as the text of a QR code."""
    done = await call.send(c.RegisterTotp(user_id=request.user_id))
    return call.reply(details=done_details(done), **done.secrets)


@rpc(f"{SERVICE}/VerifyTOTPRegistration")
async def verify_totp_registration(request: Any, call: Call) -> Message:
    """Show by a code that the app has the secret."""
    command = c.VerifyTotp(user_id=request.user_id, code=request.code)
    return call.reply(details=done_details(await send_guess(call, request.user_id, command)))


@rpc(f"{SERVICE}/RemoveTOTP")
async def remove_totp(request: Any, call: Call) -> Message:
    """Forget the authenticator app."""
    return await _details(call, c.RemoveTotp(user_id=request.user_id))


@rpc(f"{SERVICE}/AddOTPSMS")
async def add_otp_sms(request: Any, call: Call) -> Message:
    """Let codes be sent to the verified phone number as second factor."""
    return await _details(call, c.AddOtp(user_id=request.user_id, channel=Channel.SMS))


@rpc(f"{SERVICE}/RemoveOTPSMS")
async def remove_otp_sms(request: Any, call: Call) -> Message:
    """Send no more codes to the phone number."""
    return await _details(call, c.RemoveOtp(user_id=request.user_id, channel=Channel.SMS))


@rpc(f"{SERVICE}/AddOTPEmail")
async def add_otp_email(request: Any, call: Call) -> Message:
    """Let codes be sent to the verified e-mail address as second factor."""
    return await _details(call, c.AddOtp(user_id=request.user_id, channel=Channel.EMAIL))


@rpc(f"{SERVICE}/RemoveOTPEmail")
async def remove_otp_email(request: Any, call: Call) -> Message:
    """Send no more codes to the e-mail address."""
    return await _details(call, c.RemoveOtp(user_id=request.user_id, channel=Channel.EMAIL))


@rpc(f"{SERVICE}/GenerateRecoveryCodes")
async def generate_recovery_codes(request: Any, call: Call) -> Message:
    """Make recovery codes in place of all earlier ones; shown once."""
    command = c.GenerateRecoveryCodes(user_id=request.user_id, count=request.count)
    done = await call.send(command)
    return call.reply(details=done_details(done), recovery_codes=done.secrets["codes"].split())


@rpc(f"{SERVICE}/RemoveRecoveryCodes")
async def remove_recovery_codes(request: Any, call: Call) -> Message:
    """Forget the recovery codes."""
    return await _details(call, c.RemoveRecoveryCodes(user_id=request.user_id))


@rpc(f"{SERVICE}/AddIDPLink")
async def add_idp_link(request: Any, call: Call) -> Message:
    """Let an account at an identity provider sign the user in."""
    if not request.HasField("idp_link"):
        raise Wrong("required", "idp_link")
    link = link_of(request.idp_link)
    return await _details(call, c.AddIdpLink(user_id=request.user_id, link=link))


@rpc(f"{SERVICE}/RemoveIDPLink")
async def remove_idp_link(request: Any, call: Call) -> Message:
    """Let it no longer."""
    command = c.RemoveIdpLink(
        user_id=request.user_id, idp_id=request.idp_id, linked_user_id=request.linked_user_id
    )
    return await _details(call, command)


async def _details(call: Call, command: object) -> Message:
    return call.reply(details=done_details(await call.send(command)))
