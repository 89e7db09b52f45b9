"""``zitadel.admin.v1.AdminService``: the identity providers of an instance."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.orders import Done
from personae.actors.domain.idp.refusals import NOT_FOUND
from personae.actors.domain.idp.values import Idp, IdpKind
from personae.actors.domain.instance import idps as c
from personae.http.api.idps import details_of, idp_of, name_of, secret_of, shown
from personae.http.api.reading import aggregate_of, page_of, paged, services_of
from personae.http.api.replies import done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.idps import IDPS
from personae.projections.kit import ALL, Question, Row
from personae.projections.kit.page import DEFAULT_LIMIT, LIMIT_EXCEEDED, MAX_LIMIT

SERVICE = "zitadel.admin.v1.AdminService"
OWNED_BY_SYSTEM = 1
"""``IDPOwnerType``: the instance's own."""

METHODS = {
    "GenericOIDC": IdpKind.OIDC,
    "GenericOAuth": IdpKind.OAUTH,
    "JWT": IdpKind.JWT,
    "LDAP": IdpKind.LDAP,
    "AzureAD": IdpKind.AZURE,
    "GitHub": IdpKind.GITHUB,
    "GitHubEnterpriseServer": IdpKind.GITHUB_ENTERPRISE,
    "GitLab": IdpKind.GITLAB,
    "GitLabSelfHosted": IdpKind.GITLAB_SELF_HOSTED,
    "Google": IdpKind.GOOGLE,
    "Apple": IdpKind.APPLE,
}
"""Kinds by how methods are called: ``Add…Provider``, ``Update…Provider``."""


def _bind(word: str, kind: IdpKind) -> None:
    async def add(request: Any, call: Call) -> Message:
        idp_id = services_of(call).new_id()
        order = c.AddIdp(
            instance_id=call.caller.instance_id,
            idp_id=idp_id,
            idp=idp_of(kind, request),
            secret=secret_of(kind, request),
        )
        return call.reply(details=done_details(await call.send(order)), id=idp_id)

    async def update(request: Any, call: Call) -> Message:
        order = c.ChangeIdp(
            instance_id=call.caller.instance_id,
            idp_id=request.id,
            idp=idp_of(kind, request),
            secret=secret_of(kind, request),
        )
        return call.reply(details=done_details(await call.send(order)))

    rpc(f"{SERVICE}/Add{word}Provider")(add)
    rpc(f"{SERVICE}/Update{word}Provider")(update)


for _word, _kind in METHODS.items():
    _bind(_word, _kind)


@rpc(f"{SERVICE}/GetProviderByID")
async def get_provider(request: Any, call: Call) -> Message:
    """Return one, without its secret."""
    known = await _known(call)
    row = await services_of(call).find(IDPS, call.caller.instance_id, request.id)
    if request.id not in known or row is None:
        raise NOT_FOUND()
    return call.reply(idp=_provider(row, known[request.id]))


@rpc(f"{SERVICE}/ListProviders")
async def list_providers(request: Any, call: Call) -> Message:
    """Return those that match, by name."""
    question = Question(
        table=IDPS,
        instance_id=call.caller.instance_id,
        allowed=ALL,
        filters=request.queries,
        order="name",
        **paged(request.query),
    )
    page, known = await page_of(call, question), await _known(call)
    result = [_provider(row, known[row.id]) for row in page.rows if row.id in known]
    return call.reply(details=_list_details(call, page.total, page.position), result=result)


@rpc(f"{SERVICE}/DeleteProvider")
async def delete_provider(request: Any, call: Call) -> Message:
    """Forget one, and offer it no more."""
    return await _done(call, c.RemoveIdp(instance_id=call.caller.instance_id, idp_id=request.id))


@rpc(f"{SERVICE}/AddIDPToLoginPolicy")
async def offer(request: Any, call: Call) -> Message:
    """Let people sign in through a provider."""
    return await _done(call, c.OfferIdp(instance_id=call.caller.instance_id, idp_id=request.idp_id))


@rpc(f"{SERVICE}/RemoveIDPFromLoginPolicy")
async def withdraw(request: Any, call: Call) -> Message:
    """Let nobody sign in through a provider any more."""
    order = c.WithdrawIdp(instance_id=call.caller.instance_id, idp_id=request.idp_id)
    return await _done(call, order)


@rpc(f"{SERVICE}/ListLoginPolicyIDPs")
async def list_offered(request: Any, call: Call) -> Message:
    """Return the providers that people may sign in through. There are few."""
    query = request.query
    if query.limit > MAX_LIMIT:
        raise LIMIT_EXCEEDED(limit=MAX_LIMIT)
    instance = await aggregate_of(call, "instance", call.caller.instance_id)
    idps = instance.state.idps
    offered = [id_ for id_ in instance.state.policies.idps if id_ in idps]
    rows = offered if query.asc else offered[::-1]
    page = rows[query.offset : query.offset + (query.limit or DEFAULT_LIMIT)]
    return call.reply(
        details=_list_details(call, len(offered), instance.position),
        result=[_link(id_, idps[id_]) for id_ in page],
    )


def _link(idp_id: str, idp: Idp) -> dict[str, Any]:
    old_type = {IdpKind.OIDC: 1, IdpKind.JWT: 3}.get(idp.kind, 0)
    return {"idp_id": idp_id, "idp_name": name_of(idp), "idp_type": old_type}


def _provider(row: Row, idp: Idp) -> dict[str, Any]:
    return shown(row.id, idp, details_of(row), pkce=True) | {"owner": OWNED_BY_SYSTEM}


def _list_details(call: Call, total: int, position: int) -> dict[str, Any]:
    now = services_of(call).world.now()
    return {"total_result": total, "processed_sequence": position, "view_timestamp": now}


async def _known(call: Call) -> dict[str, Idp]:
    instance = await aggregate_of(call, "instance", call.caller.instance_id)
    return dict(instance.state.idps)


async def _done(call: Call, order: object) -> Message:
    done: Done = await call.send(order)
    return call.reply(details=done_details(done))
