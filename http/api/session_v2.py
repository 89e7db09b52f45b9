"""``zitadel.session.v2.SessionService``: opening, extending and ending sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.session import commands as c
from personae.actors.domain.session.refusals import CHECK_UNSUPPORTED
from personae.actors.domain.session.values import UserAgent
from personae.http.api.reading import services_of
from personae.http.api.replies import done_details
from personae.http.api.session_v2_tokens import issued, presented
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.session.v2.SessionService"
CHECKS = {"user", "password"}
"""What can be checked yet."""

LONGEST = timedelta(days=36_525)
"""Longest life of a session: the wire's 10,000 years would end beyond the calendar."""


@rpc(f"{SERVICE}/CreateSession")
async def create_session(request: Any, call: Call) -> Message:
    """Open a session with what is proved now."""
    refuse_unsupported(request)
    services = services_of(call)
    session_id, token_id = services.new_id(), services.new_id()
    done = await call.send(
        c.AddSession(
            session_id=session_id,
            instance_id=call.caller.instance_id,
            token_id=token_id,
            checks=checks_of(request.checks),
            metadata=dict(request.metadata),
            user_agent=agent_of(request.user_agent) if request.HasField("user_agent") else None,
            lifetime=lifetime_of(request),
        )
    )
    return call.reply(
        details=done_details(done),
        session_id=session_id,
        session_token=issued(call, session_id, token_id),
    )


@rpc(f"{SERVICE}/SetSession")
async def set_session(request: Any, call: Call) -> Message:
    """Prove more, or change metadata or lifetime; the session gets a new token."""
    refuse_unsupported(request)
    token_id = services_of(call).new_id()
    done = await call.send(
        c.SetSession(
            session_id=request.session_id,
            token_id=token_id,
            presented=presented(call, request),
            checks=checks_of(request.checks),
            metadata=dict(request.metadata),
            lifetime=lifetime_of(request),
        )
    )
    token = issued(call, request.session_id, token_id)
    return call.reply(details=done_details(done), session_token=token)


@rpc(f"{SERVICE}/DeleteSession")
async def delete_session(request: Any, call: Call) -> Message:
    """End a session, and with it all tokens that came from it."""
    command = c.TerminateSession(session_id=request.session_id, presented=presented(call, request))
    return call.reply(details=done_details(await call.send(command)))


def refuse_unsupported(request: Any) -> None:
    """Refuse checks and challenges that cannot be done yet, before anything is done."""
    asked = {field.name for field, _ in request.checks.ListFields()} - CHECKS
    asked |= {field.name for field, _ in request.challenges.ListFields()}
    if asked:
        raise CHECK_UNSUPPORTED(check=", ".join(sorted(asked)))


def checks_of(checks: Any) -> c.Checks:
    """Return what is to be checked."""
    if checks.HasField("user") and checks.user.WhichOneof("search") is None:
        raise Wrong("user_id or login_name", "search", "user", "checks")
    return c.Checks(
        user_id=checks.user.user_id,
        login_name=checks.user.login_name,
        password=checks.password.password if checks.HasField("password") else None,
    )


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
