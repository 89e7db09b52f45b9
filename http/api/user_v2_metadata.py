"""``zitadel.user.v2.UserService``: what others keep about users; a second factor put off."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user import commands as c
from personae.http.api.humans import metadata_of
from personae.http.api.replies import done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.user.v2.UserService"


@rpc(f"{SERVICE}/SetUserMetadata")
async def set_user_metadata(request: Any, call: Call) -> Message:
    """Set entries, in place of those with the same keys."""
    entries = metadata_of(request.metadata)
    done = await call.send(c.SetMetadata(user_id=request.user_id, entries=entries))
    return call.reply(set_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteUserMetadata")
async def delete_user_metadata(request: Any, call: Call) -> Message:
    """Remove the entries of some keys."""
    keys = tuple(request.keys)
    done = await call.send(c.RemoveMetadata(user_id=request.user_id, keys=keys))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/HumanMFAInitSkipped")
async def human_mfa_init_skipped(request: Any, call: Call) -> Message:
    """Note that somebody would rather set up a second factor later."""
    done = await call.send(c.SkipMfaSetup(user_id=request.user_id))
    return call.reply(details=done_details(done))
