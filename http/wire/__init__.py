"""The API layer: one definition (``http/proto``), every wire.

from personae.http.wire import Call, rpc

@rpc("zitadel.user.v2.UserService/DeleteUser")
async def delete_user(request, call: Call):
    done = await call.send(RemoveUser(user_id=request.user_id))
    return call.reply(details={"sequence": done.sequence, "change_date": done.changed_at})
"""

from personae.http.wire.call import Call
from personae.http.wire.entry import add_routes, grpc_mapping
from personae.http.wire.methods import METHODS, Method
from personae.http.wire.registry import DEFAULT, Registry, rpc
from personae.http.wire.services import Services

__all__ = [
    "DEFAULT",
    "METHODS",
    "Call",
    "Method",
    "Registry",
    "Services",
    "add_routes",
    "grpc_mapping",
    "rpc",
]
