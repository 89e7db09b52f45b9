"""A few methods over a dict of users, bound as the API room binds its own."""

import asyncio
from datetime import UTC, datetime, timedelta

from personae.actors.domain.kit import Code, Reason
from personae.actors.domain.kit.refusal import UNAVAILABLE
from personae.http import wire

API = wire.Registry()
USER = "zitadel.user.v2.UserService"
SESSION = "zitadel.session.v2.SessionService"
NOT_FOUND = Reason("USER-NotFound", Code.NOT_FOUND)
BORN = datetime(2026, 11, 23, 8, 30, 0, 250_000, tzinfo=UTC)


@API.rpc(f"{USER}/AddHumanUser")
async def add(request, call):
    order = {"user_id": request.user_id or "7", "username": request.username}
    sequence = await call.send(order)
    details = {"sequence": sequence, "change_date": BORN, "resource_owner": call.caller.org_id}
    return call.reply(user_id=order["user_id"], details=details)


@API.rpc(f"{USER}/GetUserByID")
async def get(request, call):
    known = call.services.users.get(request.user_id)
    if known is None:
        raise NOT_FOUND(id=request.user_id)
    details = {"sequence": 1, "creation_date": BORN, "resource_owner": known.org_id}
    human = {"profile": {"given_name": "Gigi"}, "mfa_init_skipped": BORN}
    user = {"user_id": request.user_id, "username": known.scopes[0], "state": 1}
    return call.reply(details=details, user={**user, "human": human})


@API.rpc(f"{USER}/ListUsers")
async def list_users(request, call):
    found = [{"user_id": user_id} for user_id in sorted(call.services.users)]
    return call.reply(details={"total_result": len(found)}, result=found)


@API.rpc(f"{USER}/LockUser")
async def broken(request, call):
    call.services.users["locked"] = request.user_id
    raise RuntimeError("secret detail")


@API.rpc(f"{USER}/UnlockUser")
async def busy(request, call):
    raise UNAVAILABLE()


@API.rpc(f"{USER}/DeactivateUser")
async def slow(request, call):
    await asyncio.sleep(20)


@API.rpc(f"{USER}/ListAuthenticationMethodTypes")
async def echo_domain(request, call):
    total = 1 if request.domain_query.include_without_domain else 0
    return call.reply(details={"total_result": total}, auth_method_types=[1, 2])


@API.rpc(f"{USER}/DeleteUserMetadata")
async def echo_keys(request, call):
    call.services.users["keys"] = list(request.keys)
    return call.reply(deletion_date=BORN)


@API.rpc(f"{SESSION}/CreateSession")
async def create_session(request, call):
    lifetime = request.lifetime.ToTimedelta() if request.HasField("lifetime") else timedelta()
    return call.reply(session_id=str(lifetime.total_seconds()), session_token="t")
