"""Features of one organisation or one user.

``zitadel.feature.v2.FeatureService`` has methods for them and no fields: they change, tell and take
back all the same what ``personae.feature.v1.FeatureLevelService`` has words for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.feature.commands import ResetFeatures, SetFeatures
from personae.actors.domain.feature.events import Level
from personae.actors.domain.kit import SYSTEM
from personae.actors.domain.org.refusals import NOT_FOUND as ORG_NOT_FOUND
from personae.actors.domain.user.refusals import NOT_FOUND as USER_NOT_FOUND
from personae.http.api.feature_v2 import (
    OF_INSTANCE,
    OF_ORG,
    OF_SYSTEM,
    OF_USER,
    features_of,
    given,
    shown,
)
from personae.http.api.feature_v2 import SERVICE as OLDER
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.replies import aggregate_details, done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

OURS = "personae.feature.v1.FeatureLevelService"


@rpc(f"{OLDER}/SetOrganizationFeatures")
async def set_organization_features(request: Any, call: Call) -> Message:
    """Set nothing: the request has a word for no feature."""
    return await _set_organization(call, request.organization_id, {})


@rpc(f"{OURS}/SetOrganizationFeatures")
async def set_features_of_organization(request: Any, call: Call) -> Message:
    """Set the given features for an organisation."""
    return await _set_organization(call, request.organization_id, given(request.features))


async def _set_organization(call: Call, org_id: str, values: Mapping[str, Any]) -> Message:
    order = SetFeatures(owner_id=org_id, level=Level.ORG, values=values)
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{OLDER}/SetUserFeatures")
async def set_user_features(request: Any, call: Call) -> Message:
    """Set nothing: the request has a word for no feature."""
    return await _set_user(call, request.user_id, {})


@rpc(f"{OURS}/SetUserFeatures")
async def set_features_of_user(request: Any, call: Call) -> Message:
    """Set the given features for a user."""
    return await _set_user(call, request.user_id, given(request.features))


async def _set_user(call: Call, user_id: str, values: Mapping[str, Any]) -> Message:
    user = await aggregate_of(call, "user", user_id)
    order = SetFeatures(owner_id=user_id, level=Level.USER, values=values, org_id=user.owner)
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{OLDER}/ResetOrganizationFeatures")
async def reset_organization_features(request: Any, call: Call) -> Message:
    """Take back what was set for an organisation."""
    order = ResetFeatures(owner_id=request.organization_id, level=Level.ORG)
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{OLDER}/ResetUserFeatures")
async def reset_user_features(request: Any, call: Call) -> Message:
    """Take back what was set for a user."""
    order = ResetFeatures(owner_id=request.user_id, level=Level.USER)
    return call.reply(details=done_details(await call.send(order)))


@rpc(f"{OLDER}/GetOrganizationFeatures")
@rpc(f"{OURS}/GetOrganizationFeatures")
async def get_organization_features(request: Any, call: Call) -> Message:
    """Return what an organisation sets; with inheritance, what holds in it."""
    org_id = request.organization_id
    org = await aggregate_of(call, "org", org_id)
    if not org.state.exists or not await _allows(call, "org.feature.read", org_id):
        raise ORG_NOT_FOUND()
    return await _told(call, [(OF_ORG, org_id)], inherited=request.inheritance)


@rpc(f"{OLDER}/GetUserFeatures")
@rpc(f"{OURS}/GetUserFeatures")
async def get_user_features(request: Any, call: Call) -> Message:
    """Return what is set for a user; with inheritance, what holds for them."""
    user = await aggregate_of(call, "user", request.user_id)
    own = request.user_id == call.caller.user_id
    if not user.state.exists or not (own or await _allows(call, "user.feature.read", user.owner)):
        raise USER_NOT_FOUND()
    levels = [(OF_USER, request.user_id), (OF_ORG, user.owner)]
    return await _told(call, levels, inherited=request.inheritance)


async def _allows(call: Call, permission: str, org_id: str) -> bool:
    permissions = services_of(call).world.permissions
    return await permissions.allows(call.caller, permission, org_id)


async def _told(call: Call, levels: list[tuple[int, str]], *, inherited: bool) -> Message:
    """Return the details of the first level, and the features where the reply has any."""
    instance_id = call.caller.instance_id
    above = [(OF_INSTANCE, instance_id), (OF_SYSTEM, SYSTEM)]
    asked = [*levels, *above] if inherited else levels[:1]
    found = [(source, await features_of(call, owner)) for source, owner in asked]
    field = call.method.reply.DESCRIPTOR.fields_by_name.get("features")
    told = {"features": shown(field.message_type, found, defaults=inherited)} if field else {}
    return call.reply(details=aggregate_details(found[0][1]), **told)
