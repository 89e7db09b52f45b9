"""Bearer tokens at our own APIs (RFC 6750): who is calling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.refusal import UNAUTHENTICATED
from personae.actors.domain.org.refusals import NOT_FOUND
from personae.http.identity.live import LiveToken, live_token
from personae.http.identity.opaque import TokenKind

if TYPE_CHECKING:
    from personae.http.identity.services import Services

ORG_HEADER = "x-zitadel-orgid"


async def authenticate(services: Services, instance_id: str, headers: Mapping[str, str]) -> Caller:
    """Return the caller that an ``Authorization`` header proves. Raises AUTH-Unauthenticated."""
    scheme, _, text = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise UNAUTHENTICATED()
    by_key = system_user(services, instance_id, text.strip())
    if by_key is not None:
        return by_key
    issuer = services.origins.of(await _domain(services, instance_id, headers))
    token = await live_token(services, instance_id, text.strip(), issuer)
    await _check_audience(services, instance_id, token)
    return Caller(
        instance_id=instance_id,
        user_id=token.user_id,
        org_id=await _organisation(services, instance_id, headers, token.org_id),
        user_org_id=token.org_id,
        token_id=token.token_id,
        client_id=token.client_id,
        scopes=token.scopes,
    )


def system_user(services: Services, instance_id: str, text: str) -> Caller | None:
    """Return the system user that a JWT proves, if it names one. Raises ``TOKEN-…``."""
    if text.count(".") != 2:  # noqa: PLR2004 — the parts of a signed JWT
        return None
    return services.system_users.caller(instance_id, text, services.world.now())


async def _domain(services: Services, instance_id: str, headers: Mapping[str, str]) -> str:
    host = headers.get("host") or headers.get(":authority")
    if host:
        return host
    state = await services.world.state(Stream(instance_id, "instance", instance_id))
    return str(state.primary_domain)


async def _check_audience(services: Services, instance_id: str, token: LiveToken) -> None:
    """Refuse tokens that a client got for itself: our APIs must be among their audience."""
    if token.kind is TokenKind.PERSONAL:
        return
    state = await services.world.state(Stream(instance_id, "instance", instance_id))
    if state.project_id not in token.audience:
        raise UNAUTHENTICATED()


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
