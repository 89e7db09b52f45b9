"""``zitadel.session.v2.SessionService``: opening, extending and ending sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from personae.actors.aggregates.orders import Done
from personae.actors.domain.session import commands as c
from personae.actors.domain.session.values import Challenges, Delivery, UserAgent
from personae.http.api.guessing import guessed_at, send_guess
from personae.http.api.reading import services_of
from personae.http.api.replies import done_details
from personae.http.api.session_v2_tokens import issued, presented
from personae.http.identity.federation.intents import Intents
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.session.v2.SessionService"
LONGEST = timedelta(days=36_525)
"""Longest life of a session: the wire's 10,000 years would end beyond the calendar."""


@rpc(f"{SERVICE}/CreateSession")
async def create_session(request: Any, call: Call) -> Message:
    """Open a session with what is proved now."""
    services = services_of(call)
    session_id, token_id = services.new_id(), services.new_id()
    command = c.AddSession(
        session_id=session_id,
        instance_id=call.caller.instance_id,
        token_id=token_id,
        checks=checks_of(call, request.checks),
        challenges=challenges_of(request.challenges),
        metadata=dict(request.metadata),
        user_agent=agent_of(request.user_agent) if request.HasField("user_agent") else None,
        lifetime=lifetime_of(request),
    )
    done = await _sent(call, command)
    return call.reply(
        details=done_details(done),
        session_id=session_id,
        session_token=issued(call, session_id, token_id),
        challenges=challenged(done),
    )


@rpc(f"{SERVICE}/SetSession")
async def set_session(request: Any, call: Call) -> Message:
    """Prove more, or change metadata or lifetime; the session gets a new token."""
    token_id = services_of(call).new_id()
    command = c.SetSession(
        session_id=request.session_id,
        token_id=token_id,
        presented=presented(call, request),
        checks=checks_of(call, request.checks),
        challenges=challenges_of(request.challenges),
        metadata=dict(request.metadata),
        lifetime=lifetime_of(request),
    )
    done = await _sent(call, command)
    token = issued(call, request.session_id, token_id)
    return call.reply(details=done_details(done), session_token=token, challenges=challenged(done))


async def _sent(call: Call, command: c.AddSession | c.SetSession) -> Done:
    user_id = await guessed_at(call, command.checks, command.session_id)
    return await (send_guess(call, user_id, command) if user_id else call.send(command))


@rpc(f"{SERVICE}/DeleteSession")
async def delete_session(request: Any, call: Call) -> Message:
    """End a session, and with it all tokens that came from it."""
    command = c.TerminateSession(session_id=request.session_id, presented=presented(call, request))
    return call.reply(details=done_details(await call.send(command)))


def checks_of(call: Call, checks: Any) -> c.Checks:
    """Return what is to be checked. Raises IDPINTENT-TokenInvalid for a token that is none."""
    if checks.HasField("user") and checks.user.WhichOneof("search") is None:
        raise Wrong("user_id or login_name", "search", "user", "checks")
    return c.Checks(
        user_id=checks.user.user_id,
        login_name=checks.user.login_name,
        password=checks.password.password if checks.HasField("password") else None,
        totp=_code(checks, "totp"),
        otp_sms=_code(checks, "otp_sms"),
        otp_email=_code(checks, "otp_email"),
        recovery_code=_code(checks, "recovery_code"),
        web_auth_n=(
            MessageToJson(checks.web_auth_n.credential_assertion_data)
            if checks.HasField("web_auth_n")
            else None
        ),
        intent=_intent(call, checks.idp_intent) if checks.HasField("idp_intent") else None,
    )


def _intent(call: Call, shown: Any) -> str:
    intents = Intents(services_of(call), call.caller.instance_id)
    return intents.shown(shown.idp_intent_id, shown.idp_intent_token)


def _code(checks: Any, name: str) -> str | None:
    return getattr(checks, name).code if checks.HasField(name) else None


def challenges_of(asked: Any) -> Challenges:
    """Return what is to be asked of the user."""
    email = asked.otp_email
    return Challenges(
        domain=asked.web_auth_n.domain,
        user_verification=asked.web_auth_n.user_verification_requirement,
        otp_sms=(
            Delivery(return_code=asked.otp_sms.return_code) if asked.HasField("otp_sms") else None
        ),
        otp_email=(
            Delivery(
                return_code=email.HasField("return_code"),
                url_template=email.send_code.url_template,
            )
            if asked.HasField("otp_email")
            else None
        ),
    )


def challenged(done: Done) -> dict[str, Any] | None:
    """Return what the caller must know of the challenges: codes to deliver, browser options."""
    found: dict[str, Any] = dict(done.secrets)
    if "web_auth_n" in found:
        options = {"publicKey": orjson.loads(found["web_auth_n"])}
        found["web_auth_n"] = {"public_key_credential_request_options": options}
    return found or None


def agent_of(agent: Any) -> UserAgent:
    """Return the browser or program that a session is for."""
    return UserAgent(
        fingerprint_id=agent.fingerprint_id,
        ip=agent.ip,
        description=agent.description,
        header={name: tuple(values.values) for name, values in agent.header.items()},
    )


def lifetime_of(request: Any) -> timedelta | None:
    """Return how long a session shall live, if the request says so."""
    if not request.HasField("lifetime"):
        return None
    found: timedelta = request.lifetime.ToTimedelta()
    if found > LONGEST:
        raise Wrong("at most 100 years", "lifetime")
    return found
