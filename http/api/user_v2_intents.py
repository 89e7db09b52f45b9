"""``zitadel.user.v2.UserService``: signing in at identity providers of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.message import Message
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.idp_intent.state import Intent
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.replies import aggregate_details, done_details
from personae.http.identity.federation.directory import Login
from personae.http.identity.federation.intents import Intents, Wish
from personae.http.identity.federation.mapping import Mapped, mapped
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong
from personae.store.crypto import Area

SERVICE = "zitadel.user.v2.UserService"


@rpc(f"{SERVICE}/StartIdentityProviderIntent")
async def start_intent(request: Any, call: Call) -> Message:
    """Return where to send the browser, or the answer of a directory at once."""
    intents = intents_of(call)
    match request.WhichOneof("content"):
        case "urls":
            wish = Wish(
                idp_id=request.idp_id,
                success_url=request.urls.success_url,
                failure_url=request.urls.failure_url,
                hint=request.urls.login_hint,
            )
            started = await intents.start(call.caller, wish)
            return call.reply(details=done_details(started.done), auth_url=started.url)
        case "ldap":
            login = Login(request.ldap.username, request.ldap.password)
            answered = await intents.start_directory(call.caller, request.idp_id, login)
            intent = {
                "idp_intent_id": answered.intent_id,
                "idp_intent_token": answered.token,
                "user_id": answered.user_id,
            }
            return call.reply(details=done_details(answered.done), idp_intent=intent)
    raise Wrong("required", "content")


@rpc(f"{SERVICE}/RetrieveIdentityProviderIntent")
async def retrieve_intent(request: Any, call: Call) -> Message:
    """Return what the provider said, and what a user made of it would be."""
    services, intents = services_of(call), intents_of(call)
    await services.world.permissions.require(call.caller, "session.write")
    intent = await intents.usable(request.idp_intent_id, request.idp_intent_token)
    idp = await intents.idp(intent.idp_id)
    raw = orjson.loads(intent.idp_user)
    aggregate = await aggregate_of(call, "idpintent", request.idp_intent_id)
    return call.reply(
        details=aggregate_details(aggregate),
        idp_information=_information(call, intent, raw),
        user_id=intent.user_id,
        **await _proposal(call, intent, idp, mapped(idp, raw)),
    )


def intents_of(call: Call) -> Intents:
    """Return the sign-ins elsewhere of the instance that a call reaches."""
    services = services_of(call)
    return Intents(services, call.caller.instance_id, services.origins.of(call.host))


def _information(call: Call, intent: Intent, raw: Mapping[str, Any]) -> dict[str, Any]:
    information = {
        "idp_id": intent.idp_id,
        "user_id": intent.idp_user_id,
        "user_name": intent.idp_user_name,
        "raw_information": raw,
    }
    if intent.attributes:
        return {**information, "ldap": {"attributes": intent.attributes}}
    keyring, instance_id = services_of(call).world.keyring, call.caller.instance_id
    tokens = {
        name: keyring.open(Area.IDENTITY_PROVIDER, sealed, instance_id).decode()
        for name, sealed in (("access_token", intent.access_token), ("id_token", intent.id_token))
        if sealed is not None
    }
    return {**information, "oauth": tokens}


async def _proposal(call: Call, intent: Intent, idp: Idp, user: Mapped) -> dict[str, Any]:
    """Return the user to create, or the changes to one who is linked, as the options have it."""
    if intent.user_id:
        return {"update_user": _changes(intent, user)} if idp.is_auto_update else {}
    if not idp.is_creation_allowed:
        return {}
    instance = (await aggregate_of(call, "instance", call.caller.instance_id)).state
    link = {
        "idp_id": intent.idp_id,
        "user_id": intent.idp_user_id,
        "user_name": intent.idp_user_name,
    }
    human = {"profile": _profile(user), **_contacts(user), "idp_links": [link]}
    org_id = call.caller.org_id or instance.default_org
    created = {"organization_id": org_id, "username": user.name, "human": human}
    older = {"organization": {"org_id": org_id}, "username": user.name, **human}
    return {"create_user": created, "add_human_user": older}


def _changes(intent: Intent, user: Mapped) -> dict[str, Any]:
    profile = {name: value for name, value in _profile(user).items() if value}
    return {"user_id": intent.user_id, "human": {"profile": profile, **_contacts(user)}}


def _profile(user: Mapped) -> dict[str, Any]:
    return {
        "given_name": user.first_name,
        "family_name": user.last_name,
        "nick_name": user.nick_name,
        "display_name": user.display_name,
        "preferred_language": user.preferred_language[:10],
    }


def _contacts(user: Mapped) -> dict[str, Any]:
    """Return address and number; what is not verified there is to be verified here."""
    contacts: dict[str, Any] = {}
    if user.email:
        contacts["email"] = {"email": user.email, **_verified(proved=user.email_verified)}
    if user.phone:
        contacts["phone"] = {"phone": user.phone, **_verified(proved=user.phone_verified)}
    return contacts


def _verified(*, proved: bool) -> dict[str, Any]:
    return {"is_verified": True} if proved else {"send_code": {}}
