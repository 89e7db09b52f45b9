"""The token exchange grant (RFC 8693): a token for another one, for oneself or for an actor."""

from __future__ import annotations

from functools import partial
from typing import Any

from personae.actors.aggregates.admission import admits
from personae.actors.aggregates.clients import Client
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED, NO_GRANT
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session.commands import OpenOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.oidc_session.refusals import ENDED, SCOPE_WIDER
from personae.actors.domain.oidc_session.state import EXCHANGE, AccessToken
from personae.actors.domain.oidc_session.terms import Terms
from personae.actors.domain.project.values import AuthMethod, GrantType
from personae.actors.domain.user.commands import Impersonate
from personae.http.oidc import scopes
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate, registered_method
from personae.http.oidc.errors import (
    ACTOR_REQUIRED,
    GRANT_NOT_ALLOWED,
    PARAMETER_INVALID,
    TARGET_INVALID,
    TOKEN_TYPE_UNSUPPORTED,
)
from personae.http.oidc.form import words
from personae.http.oidc.impersonation import check_impersonation
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.resources import targets_of
from personae.http.oidc.scopes import fitting
from personae.http.oidc.subjects import (
    ACCESS_TOKEN,
    ACTORS,
    ID_TOKEN,
    JWT,
    SUBJECTS,
    Subject,
    subject_of,
)
from personae.http.oidc.terms import certificate_for
from personae.http.oidc.tokens import Ids, Recipient, family_of, id_token_response, token_response

REQUESTED = ("", ACCESS_TOKEN, JWT, ID_TOKEN)


async def token_exchange(call: Call) -> dict[str, Any]:
    """Exchange a token. What the new one allows is never more than what the old one did."""
    client = await _client(call)
    wanted = call.form.get("requested_token_type")
    if wanted not in REQUESTED:
        raise TOKEN_TYPE_UNSUPPORTED()
    asked = partial(_allowed, call, client)
    subject, actor, scope = await call.services.world.certain(call.instance_id, asked)
    audience = await _audience(call, client, subject, scope)
    ids, key = Ids.new(call), await key_shown(call, client)
    terms = Terms(certificate=certificate_for(client, key))
    opening = Opening(
        user_id=subject.user_id,
        org_id=subject.org_id,
        session_id=subject.session_id,
        client_id=client.client_id,
        audience=audience,
        scope=scope,
        auth_methods=subject.auth_methods,
        auth_time=subject.auth_time,
        access_token_id=ids.access,
        reason=EXCHANGE,
        dpop_jkt=key,
        terms=terms,
        actors=_actors(subject, actor),
    )
    access = await _open(call, client, ids.family, opening, actor)
    to = Recipient.of_client(client)
    if wanted == ID_TOKEN:
        body = await id_token_response(call, to, ids.family, access)
        return {**body, "issued_token_type": ID_TOKEN}
    to = to._replace(jwt=to.jwt if not wanted else wanted == JWT)
    body = await token_response(call, to, ids.family, access)
    return {**body, "issued_token_type": JWT if wanted == JWT else ACCESS_TOKEN}


async def _open(
    call: Call, client: Client, family_id: str, opening: Opening, actor: Subject | None
) -> AccessToken:
    """Open a family of tokens; who acts for somebody is kept on record with it."""
    who, user_id = actor.user_id if actor else opening.user_id, opening.user_id
    order: object = OpenOIDCSession(
        oidc_session_id=family_id, org_id=opening.org_id, opening=opening
    )
    if actor:
        order = Impersonate(
            user_id=user_id,
            application_id=client.app_id,
            actor_id=actor.user_id,
            oidc_session_id=family_id,
            opening=opening,
        )
    await call.services.send(order, call.caller(who, client.client_id))
    family = await family_of(call, family_id)
    if family.access is None:  # revoked meanwhile
        raise ENDED()
    return family.access


async def _client(call: Call) -> Client:
    """Return who asks; a client that nothing proves would make of any token it found another."""
    client = await authenticate(call)
    oidc = client.app.oidc
    if oidc is None or GrantType.TOKEN_EXCHANGE not in oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
    if registered_method(client) is AuthMethod.NONE:
        raise GRANT_NOT_ALLOWED()
    return client


async def _allowed(call: Call, client: Client) -> tuple[Subject, Subject | None, tuple[str, ...]]:
    """Return whom the new token is about, who acts, if anybody does, and its scopes."""
    subject = await subject_of(call, client, "subject", SUBJECTS)
    actor = await _actor(call, client)
    if actor is None and not subject.proved:
        raise ACTOR_REQUIRED()
    if actor is not None:
        await check_impersonation(call, client, subject, actor)
    if not await admits(
        call.services.world, call.instance_id, client, subject.user_id, subject.org_id
    ):
        raise NO_GRANT()
    scope = await fitting(call, _scope(call, client, subject), subject.org_id)
    if not _actors(subject, actor):
        await _check_consent(call, client, subject, scope)
    return subject, actor, scope


def _actors(subject: Subject, actor: Subject | None) -> tuple[str, ...]:
    return ((actor.user_id,) if actor else ()) + subject.actors


async def _check_consent(
    call: Call, client: Client, subject: Subject, scope: tuple[str, ...]
) -> None:
    """Refuse an application that asks people first what this one has not allowed it."""
    if client.app.oauth.ask_consent:
        user = await call.services.world.state(Stream(call.instance_id, "user", subject.user_id))
        if not user.lets_have(client.client_id, scope):
            raise CONSENT_NEEDED()


async def _actor(call: Call, client: Client) -> Subject | None:
    if call.form.get("actor_token"):
        return await subject_of(call, client, "actor", ACTORS)
    if call.form.get("actor_token_type"):  # "MUST NOT be present without actor_token" (2.1)
        raise PARAMETER_INVALID(name="actor_token_type")
    return None


def _scope(call: Call, client: Client, subject: Subject) -> tuple[str, ...]:
    asked = scopes.granted(call.form.get("scope"), client.project.roles)
    if subject.scope is None:
        return asked
    kept = tuple(each for each in subject.scope if each != scopes.OFFLINE)
    if not set(words(call.form.get("scope"))) <= set(subject.scope):
        raise SCOPE_WIDER()
    return asked if call.form.get("scope") else kept


async def _audience(
    call: Call, client: Client, subject: Subject, scope: tuple[str, ...]
) -> tuple[str, ...]:
    """Return whom the new token is for. Raises OIDC-TargetInvalid for more than is allowed."""
    allowed = subject.audience
    if allowed is None:
        allowed = await scopes.audience(call, client.audience, scope)
    targets = await targets_of(call, call.form.all("resource"))
    asked = call.form.all("audience")
    within = all({each.name, each.project_id} & set(allowed) for each in targets)
    if not within or not set(asked) <= set(allowed):
        raise TARGET_INVALID()
    return tuple(dict.fromkeys((*asked, *(each.name for each in targets)))) or allowed
