"""``zitadel.action.v2.ActionService``: targets and their public keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.orders import Done
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.target import commands as c
from personae.actors.domain.target.refusals import NOT_FOUND
from personae.actors.domain.target.values import Type
from personae.http.api.reading import (
    aggregate_of,
    page_of,
    paged,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import pagination
from personae.http.api.rows import rows_of
from personae.http.api.times import moment
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong
from personae.projections.kit import Question, Row
from personae.projections.targets import TARGET_KEYS, TARGETS

SERVICE = "zitadel.action.v2.ActionService"
TYPES = {"rest_webhook": Type.WEBHOOK, "rest_call": Type.CALL, "rest_async": Type.ASYNC}
MEMBERS = {number: name for name, number in TYPES.items()}
SORTED_BY = (
    "",
    "id",
    "creation_date",
    "change_date",
    "name",
    "target_type",
    "endpoint",
    "timeout",
    "interrupt_on_error",
)
"""Columns by the numbers of ``TargetFieldName``."""

KEYS_SORTED_BY = ("", "creation_date", "change_date", "expires")
"""Columns by the numbers of ``PublicKeyFieldName``."""


@rpc(f"{SERVICE}/CreateTarget")
async def create_target(request: Any, call: Call) -> Message:
    """Add an endpoint; the answer alone shows the key that signs what it is sent."""
    type_, interrupts = kind_of(request)
    if type_ is None:
        raise Wrong("rest_webhook, rest_call or rest_async", "target_type")
    id_ = services_of(call).new_id()
    done = await call.send(
        c.AddTarget(
            target_id=id_,
            instance_id=call.caller.instance_id,
            name=request.name,
            target_type=type_,
            endpoint=request.endpoint,
            timeout=nanoseconds(request.timeout.ToTimedelta()),
            interrupt_on_error=bool(interrupts),
            payload_type=request.payload_type,
        )
    )
    return call.reply(
        id=id_, creation_date=done.created_at, signing_key=done.secrets["signing_key"]
    )


def kind_of(request: Any) -> tuple[Type | None, bool | None]:
    """Return what becomes of a target's answers, and whether errors interrupt; None: not said."""
    member = request.WhichOneof("target_type")
    if member is None:
        return None, None
    return TYPES[member], bool(getattr(getattr(request, member), "interrupt_on_error", False))


@rpc(f"{SERVICE}/UpdateTarget")
async def update_target(request: Any, call: Call) -> Message:
    """Change what is given."""
    type_, interrupts = kind_of(request)
    timeout = nanoseconds(request.timeout.ToTimedelta()) if request.HasField("timeout") else None
    done = await call.send(
        c.ChangeTarget(
            target_id=request.id,
            name=request.name if request.HasField("name") else None,
            target_type=type_,
            endpoint=request.endpoint if request.HasField("endpoint") else None,
            timeout=timeout,
            interrupt_on_error=interrupts,
            payload_type=request.payload_type or None,
            new_key=request.HasField("expiration_signing_key"),
        )
    )
    return call.reply(change_date=done.changed_at, signing_key=done.secrets.get("signing_key"))


@rpc(f"{SERVICE}/DeleteTarget")
async def delete_target(request: Any, call: Call) -> Message:
    """Delete an endpoint; executions call it no more."""
    done = await call.send(c.RemoveTarget(target_id=request.id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/GetTarget")
async def get_target(request: Any, call: Call) -> Message:
    """Return one endpoint, without the key that signs."""
    target = await aggregate_of(call, "target", request.id)
    projections = services_of(call).projections
    row = await rows_of(projections).of(projections, TARGETS, target)
    if row is None:
        raise NOT_FOUND()
    return call.reply(target=target_of(row))


def target_of(row: Row) -> dict[str, Any]:
    """Return a target as the API shows it."""
    member = MEMBERS[Type(row.target_type)]
    inner = {} if member == "rest_async" else {"interrupt_on_error": row.interrupt_on_error}
    return {
        "id": row.id,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "name": row.name,
        member: inner,
        "timeout": timedelta(microseconds=row.timeout // 1000),
        "endpoint": row.endpoint,
        "payload_type": row.payload_type,
    }


@rpc(f"{SERVICE}/ListTargets")
async def list_targets(request: Any, call: Call) -> Any:
    """Return the endpoints that match."""
    question = Question(
        table=TARGETS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "action.target.read"),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    targets = [target_of(row) for row in page.rows]
    return call.listing(targets=targets, pagination=pagination(page, question))


@rpc(f"{SERVICE}/AddPublicKey")
async def add_public_key(request: Any, call: Call) -> Message:
    """Add a key that payloads may be encrypted to; it waits to be activated."""
    key_id = services_of(call).new_id()
    expires = request.expiration_date if request.HasField("expiration_date") else None
    order = c.AddTargetKey(
        target_id=request.target_id,
        key_id=key_id,
        public_key=request.public_key,
        expires=moment(expires) if expires else None,
    )
    return call.reply(key_id=key_id, creation_date=(await call.send(order)).changed_at)


@rpc(f"{SERVICE}/ActivatePublicKey")
async def activate_public_key(request: Any, call: Call) -> Message:
    """Encrypt to this key from now on."""
    return call.reply(change_date=(await _keyed(c.ActivateTargetKey, request, call)).changed_at)


@rpc(f"{SERVICE}/DeactivatePublicKey")
async def deactivate_public_key(request: Any, call: Call) -> Message:
    """Encrypt to this key no more."""
    return call.reply(change_date=(await _keyed(c.DeactivateTargetKey, request, call)).changed_at)


@rpc(f"{SERVICE}/RemovePublicKey")
async def remove_public_key(request: Any, call: Call) -> Message:
    """Delete a key that is not in use."""
    return call.reply(deletion_date=(await _keyed(c.RemoveTargetKey, request, call)).changed_at)


async def _keyed(order: Any, request: Any, call: Call) -> Done:
    done: Done = await call.send(order(target_id=request.target_id, key_id=request.key_id))
    return done


@rpc(f"{SERVICE}/ListPublicKeys")
async def list_public_keys(request: Any, call: Call) -> Any:
    """Return the keys of an endpoint that match."""
    if not (await aggregate_of(call, "target", request.target_id)).state.exists:
        raise NOT_FOUND()
    question = Question(
        table=TARGET_KEYS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "action.target.read"),
        filters=request.filters,
        where={"target_id": request.target_id},
        order=sorted_by(KEYS_SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    keys = [_key_of(row) for row in page.rows]
    return call.listing(public_keys=keys, pagination=pagination(page, question))


def _key_of(row: Row) -> dict[str, Any]:
    return {
        "key_id": row.id,
        "active": row.active,
        "public_key": bytes(row.public_key),
        "fingerprint": row.fingerprint,
        "expiration_date": row.expires,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
    }
