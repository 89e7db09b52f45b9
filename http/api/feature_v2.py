"""``zitadel.feature.v2.FeatureService``: switches of the whole server and of one instance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.feature.commands import ResetFeatures, SetFeatures
from personae.actors.domain.feature.events import FEATURES, Level, LoginV2
from personae.actors.domain.kit import SYSTEM, Stream
from personae.http.api.reading import services_of
from personae.http.api.replies import aggregate_details, done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.feature.v2.FeatureService"
STORED = {"oidc_token_exchange": "token_exchange"}
"""Features that the API calls otherwise than the log."""

NOBODY, OF_SYSTEM, OF_INSTANCE, OF_ORG, OF_USER = 0, 2, 3, 4, 7
"""``Source``: which level a value comes from; NOBODY for the default."""


@rpc(f"{SERVICE}/SetSystemFeatures")
async def set_system_features(request: Any, call: Call) -> Message:
    """Set features for all instances that set nothing else."""
    order = SetFeatures(owner_id=SYSTEM, level=Level.SYSTEM, values=given(request))
    return call.reply(details=done_details(await of_system(call).send(order)))


@rpc(f"{SERVICE}/ResetSystemFeatures")
async def reset_system_features(_request: Any, call: Call) -> Message:
    """Take back what was set for all instances."""
    order = ResetFeatures(owner_id=SYSTEM, level=Level.SYSTEM)
    return call.reply(details=done_details(await of_system(call).send(order)))


def of_system(call: Call) -> Call:
    """Return the call as one to the server itself, whose log is of no instance."""
    return replace(call, caller=replace(call.caller, instance_id=SYSTEM))


def given(request: Any) -> dict[str, Any]:
    """Return the features that a request sets, by their stored names."""
    values: dict[str, Any] = {}
    for field, value in request.ListFields():
        name = STORED.get(field.name, field.name)
        if name not in FEATURES:
            continue
        if name == "login_v2":
            values[name] = LoginV2(required=value.required, base_uri=value.base_uri)
        else:
            values[name] = value if isinstance(value, bool) else tuple(value)
    return values


@rpc(f"{SERVICE}/GetSystemFeatures")
async def get_system_features(_request: Any, call: Call) -> Message:
    """Return what holds for instances that set nothing else."""
    system = await features_of(call, SYSTEM)
    flags = shown(call.method.reply.DESCRIPTOR, [(OF_SYSTEM, system)])
    return call.reply(details=aggregate_details(system), **flags)


async def features_of(call: Call, owner_id: str) -> Aggregate:
    """Return the features that are set for the system, an instance, an organisation or a user."""
    instance_id = SYSTEM if owner_id == SYSTEM else call.caller.instance_id
    return await services_of(call).world.aggregate(Stream(instance_id, "feature", owner_id))


def shown(
    message: Any, levels: Iterable[tuple[int, Aggregate]], *, defaults: bool = True
) -> dict[str, Any]:
    """Return the features that a kind of message has, each with the first level that sets it."""
    flags = {}
    for field in message.fields:
        name = STORED.get(field.name, field.name)
        if name not in FEATURES:
            continue
        values = [
            (s, level.state.values[name]) for s, level in levels if name in level.state.values
        ]
        if values or defaults:
            source, value = values[0] if values else (NOBODY, FEATURES[name].default)
            flags[field.name] = {**_flag(value), "source": source}
    return flags


def _flag(value: Any) -> dict[str, Any]:
    if isinstance(value, LoginV2):
        return {"required": value.required, "base_uri": value.base_uri or None}
    return {"enabled": value} if isinstance(value, bool) else {"execution_paths": value}


@rpc(f"{SERVICE}/SetInstanceFeatures")
async def set_instance_features(request: Any, call: Call) -> Message:
    """Set features for an instance."""
    id_ = call.caller.instance_id
    order = SetFeatures(owner_id=id_, level=Level.INSTANCE, values=given(request))
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{SERVICE}/ResetInstanceFeatures")
async def reset_instance_features(_request: Any, call: Call) -> Message:
    """Take back what was set for an instance."""
    order = ResetFeatures(owner_id=call.caller.instance_id, level=Level.INSTANCE)
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{SERVICE}/GetInstanceFeatures")
async def get_instance_features(request: Any, call: Call) -> Message:
    """Return what an instance sets; with inheritance, what holds in it."""
    own = await features_of(call, call.caller.instance_id)
    levels = [(OF_INSTANCE, own)]
    if request.inheritance:
        levels.append((OF_SYSTEM, await features_of(call, SYSTEM)))
    flags = shown(call.method.reply.DESCRIPTOR, levels, defaults=request.inheritance)
    return call.reply(details=aggregate_details(own), **flags)
