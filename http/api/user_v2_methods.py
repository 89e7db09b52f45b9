"""``zitadel.user.v2.UserService``: what a user can sign in with, read from the user itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.user.factors import Authenticator
from personae.actors.domain.user.refusals import NOT_FOUND, NOT_HUMAN
from personae.actors.domain.user.state import Human
from personae.http.api.reading import aggregate_of, services_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit.page import DEFAULT_LIMIT, LIMIT_EXCEEDED, MAX_LIMIT

SERVICE = "zitadel.user.v2.UserService"
PASSWORD, PASSKEY, IDP, TOTP, U2F, OTP_SMS, OTP_EMAIL, RECOVERY_CODE = range(1, 9)
"""The numbers of ``AuthenticationMethodType``."""

NOT_READY, READY = 1, 2
"""The numbers of ``AuthFactorState``."""

KINDS = ("otp", "otp_sms", "otp_email", "u2f")
"""Fields of ``AuthFactor`` by the numbers of ``AuthFactors``."""


async def _human(call: Call, user_id: str) -> tuple[Human, Aggregate]:
    """Return a human whom the caller may see: oneself, or with permission where it belongs."""
    user = await aggregate_of(call, "user", user_id)
    permissions = services_of(call).world.permissions
    own = user_id == call.caller.user_id
    if not user.state.exists or not (
        own or await permissions.allows(call.caller, "user.read", user.owner)
    ):
        raise NOT_FOUND()
    if user.state.human is None:
        raise NOT_HUMAN()
    return user.state.human, user


def _details(call: Call, user: Aggregate, total: int) -> dict[str, Any]:
    return {
        "total_result": total,
        "processed_sequence": user.position,
        "timestamp": services_of(call).world.now(),
    }


@rpc(f"{SERVICE}/ListAuthenticationMethodTypes")
async def list_authentication_method_types(request: Any, call: Call) -> Message:
    """Return what the user can sign in with, each kind once."""
    human, user = await _human(call, request.user_id)
    domain = request.domain_query if request.HasField("domain_query") else None
    found = list(_methods(human, domain))
    return call.reply(details=_details(call, user, len(found)), auth_method_types=found)


def _methods(human: Human, domain: Any) -> Iterator[int]:
    ready = (
        (PASSWORD, human.password_hash),
        (PASSKEY, _usable(human.passkeys.values(), domain)),
        (IDP, human.links),
        (TOTP, human.totp and human.totp.verified),
        (U2F, _usable(human.u2f.values(), domain)),
        (OTP_SMS, human.otp_sms),
        (OTP_EMAIL, human.otp_email),
        (RECOVERY_CODE, human.recovery_codes),
    )
    return (number for number, there in ready if there)


def _usable(tokens: Any, domain: Any) -> bool:
    """Say whether one of the credentials is ready, for a domain when one is asked for."""
    return any(each.verified and _of_domain(each, domain) for each in tokens)


def _of_domain(token: Authenticator, domain: Any) -> bool:
    if domain is None:
        return True
    return token.rp_id == domain.domain or (domain.include_without_domain and not token.rp_id)


@rpc(f"{SERVICE}/ListAuthenticationFactors")
async def list_authentication_factors(request: Any, call: Call) -> Message:
    """Return the second factors, ready or not."""
    human, _ = await _human(call, request.user_id)
    kinds = {KINDS[number] for number in request.auth_factors if number < len(KINDS)}
    states = set(request.states)
    found = [
        factor
        for factor in _factors(human)
        if (not states or factor["state"] in states) and (not kinds or not kinds.isdisjoint(factor))
    ]
    return call.reply(result=found)


def _factors(human: Human) -> Iterator[dict[str, Any]]:
    if human.totp:
        yield {"state": _state(ready=human.totp.verified), "otp": {}}
    if human.otp_sms:
        yield {"state": READY, "otp_sms": {}}
    if human.otp_email:
        yield {"state": READY, "otp_email": {}}
    for id_, token in human.u2f.items():
        yield {"state": _state(ready=token.verified), "u2f": {"id": id_, "name": token.name}}


def _state(*, ready: bool) -> int:
    return READY if ready else NOT_READY


@rpc(f"{SERVICE}/ListPasskeys")
async def list_passkeys(request: Any, call: Call) -> Message:
    """Return the passkeys, ready or not."""
    human, user = await _human(call, request.user_id)
    found = [
        {"id": id_, "state": _state(ready=token.verified), "name": token.name}
        for id_, token in human.passkeys.items()
    ]
    return call.reply(details=_details(call, user, len(found)), result=found)


@rpc(f"{SERVICE}/ListIDPLinks")
async def list_idp_links(request: Any, call: Call) -> Message:
    """Return the accounts elsewhere that sign the user in."""
    human, user = await _human(call, request.user_id)
    found = [
        {"idp_id": link.idp_id, "user_id": link.user_id, "user_name": link.user_name}
        for link in human.links
    ]
    page = _page(found, request.query)
    return call.reply(details=_details(call, user, len(found)), result=page)


def _page(found: Sequence[dict[str, Any]], query: Any) -> Sequence[dict[str, Any]]:
    if query.limit > MAX_LIMIT:
        raise LIMIT_EXCEEDED(limit=MAX_LIMIT)
    rows = found if query.asc else found[::-1]
    return rows[query.offset : query.offset + (query.limit or DEFAULT_LIMIT)]
