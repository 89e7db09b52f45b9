"""Bearer tokens at our own APIs (RFC 6750): who is calling."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from multidict import MultiMapping
from personae.actors.aggregates.clients import client_of, own_client
from personae.actors.domain.kit import Caller, Code, Stream, reason
from personae.actors.domain.kit.refusal import UNAUTHENTICATED
from personae.actors.domain.org.refusals import NOT_FOUND
from personae.actors.domain.project.origins import holds, web_origins
from personae.actors.domain.web_key.values import FAPI_ALGORITHMS
from personae.http.identity.certificates import thumbprint_shown
from personae.http.identity.dpop import HEADER, PROOF_INVALID, Proof, proved, use
from personae.http.identity.live import LiveToken, live_token
from personae.http.identity.opaque import INVALID_TOKEN, TokenKind
from personae.http.wire.interceptors import ORG_HEADER

if TYPE_CHECKING:
    from personae.http.identity.services import Services

ORIGIN_REFUSED = reason("AUTH-OriginNotAllowed", Code.PERMISSION_DENIED)


async def authenticate(
    services: Services, instance_id: str, headers: Mapping[str, str], target: tuple[str, str]
) -> Caller:
    """Return the caller that an ``Authorization`` header proves. Raises AUTH-Unauthenticated.

    ``target`` is the request's method and path.
    """
    by_key = system_user(services, instance_id, headers)
    if by_key is not None:
        return by_key
    issuer = services.origins.of(await _domain(services, instance_id, headers))
    method, path = target
    token = await shown_token(
        services, instance_id, headers, issuer=issuer, method=method, path=path
    )
    await _check_audience(services, instance_id, token)
    if (origin := headers.get("origin")) and origin != issuer:
        await _check_origin(services, instance_id, token, origin)
    return Caller(
        instance_id=instance_id,
        user_id=token.user_id,
        org_id=await services.world.certain(
            instance_id, partial(_organisation, services, instance_id, headers, token.org_id)
        ),
        user_org_id=token.org_id,
        token_id=token.token_id,
        client_id=token.client_id,
        scopes=token.scopes,
    )


def system_user(services: Services, instance_id: str, headers: Mapping[str, str]) -> Caller | None:
    """Return the system user that a bearer JWT proves, if it names one. Raises ``TOKEN-…``."""
    scheme, _, text = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or text.count(".") != 2:  # noqa: PLR2004 — the parts of a signed JWT
        return None
    return services.system_users.caller(instance_id, text.strip(), services.world.now())


async def shown_token(
    services: Services,
    instance_id: str,
    headers: Mapping[str, str],
    *,
    issuer: str,
    method: str,
    path: str,
) -> LiveToken:
    """Return the token that a request shows, alone or with the proof it is bound to.

    A bound token counts with a proof only, another one never does (RFC 9449, 7.1, 7.2); one bound
    to a certificate counts with that only (RFC 8705, 3). Raises refusals of class UNAUTHENTICATED.
    """
    scheme, _, text = headers.get("authorization", "").partition(" ")
    scheme, text = scheme.lower(), text.strip()
    if scheme not in {"bearer", "dpop"} or not text:
        raise UNAUTHENTICATED()
    token = await live_token(services, instance_id, text, issuer)
    if (scheme == "dpop") is not bool(token.dpop_jkt):
        raise INVALID_TOKEN()
    if token.certificate and thumbprint_shown() != token.certificate:
        raise INVALID_TOKEN()
    if token.dpop_jkt:
        shown, now = proof_of(headers), services.world.now()
        proof = proved(shown, method=method, url=issuer + path, now=now, token=text)
        if proof.key != token.dpop_jkt:
            raise PROOF_INVALID(cause="key")
        await _check_algorithm(services, instance_id, token.client_id, proof)
        await use(proof, services.proofs, now)
    return token


def proof_of(headers: Mapping[str, str]) -> str:
    """Return the one DPoP header of a request. Raises TOKEN-ProofInvalid for none or several."""
    every = headers.getall(HEADER, []) if isinstance(headers, MultiMapping) else []
    if len(every) > 1 or not (shown := headers.get(HEADER, "")):
        raise PROOF_INVALID(cause="header")
    return shown


async def _check_algorithm(
    services: Services, instance_id: str, client_id: str, proof: Proof
) -> None:
    """Refuse a proof that is signed as the client's profile does not allow (FAPI 2.0, 5.4.1)."""
    if proof.algorithm in FAPI_ALGORITHMS:
        return
    client = await client_of(services.world, instance_id, client_id)
    if client is not None and client.app.oauth.fapi:
        raise PROOF_INVALID(cause="alg")


async def _domain(services: Services, instance_id: str, headers: Mapping[str, str]) -> str:
    host = headers.get("host") or headers.get(":authority")
    if host:
        return host
    state = await services.world.state(Stream(instance_id, "instance", instance_id))
    return str(state.primary_domain)


async def _check_audience(services: Services, instance_id: str, token: LiveToken) -> None:
    """Refuse tokens that a client got for itself: our APIs must be among their audience.

    Whoever acts for somebody else does so at applications, never here.
    """
    if token.actors:
        raise UNAUTHENTICATED()
    if token.kind is TokenKind.PERSONAL:
        return
    state = await services.world.state(Stream(instance_id, "instance", instance_id))
    if state.project_id not in token.audience:
        raise UNAUTHENTICATED()


async def _check_origin(
    services: Services, instance_id: str, token: LiveToken, origin: str
) -> None:
    """Refuse what a page asks with an application's token, unless it is a page of the application.

    Machines and personal access tokens have no application.
    """
    if own_client(token.client_id, token.user_id):
        return
    client = await client_of(services.world, instance_id, token.client_id)
    oidc = client.app.oidc if client else None
    if oidc is None or not holds(web_origins(oidc.redirect_uris, oidc.additional_origins), origin):
        raise ORIGIN_REFUSED(origin=origin)


async def _organisation(
    services: Services, instance_id: str, headers: Mapping[str, str], own: str
) -> str:
    """Return the organisation context: the header's, which must exist, else the user's own."""
    asked = headers.get(ORG_HEADER, "").strip()
    if not asked or asked == own:
        return own
    org = await services.world.state(Stream(instance_id, "org", asked))
    if not org.exists:
        raise NOT_FOUND()
    return asked
