"""``zitadel.webkey.v2.WebKeyService``."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.web_key import commands as c
from personae.actors.domain.web_key.state import Status, WebKey
from personae.actors.domain.web_key.values import TYPE_OF, KeyType
from personae.http.api.reading import aggregate_of, page_of, services_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit import ALL, Question, Row
from personae.projections.kit.page import MAX_LIMIT
from personae.projections.web_keys import WEB_KEYS

SERVICE = "zitadel.webkey.v2.WebKeyService"
BITS = (2048, 2048, 3072, 4096)
"""Sizes by the numbers of ``RSABits``."""

HASHERS = ("RS256", "RS256", "RS384", "RS512")
"""Algorithms by the numbers of ``RSAHasher``."""

CURVES = ("", "ES256", "ES384", "ES512")
"""Algorithms by the numbers of ``ECDSACurve``."""


@rpc(f"{SERVICE}/CreateWebKey")
async def create_web_key(request: Any, call: Call) -> Message:
    """Make a signing key; it signs once it is activated."""
    key_id = services_of(call).new_id()
    algorithm, bits = _asked(request)
    done = await call.send(
        c.AddWebKey(
            key_id=key_id,
            instance_id=call.caller.instance_id,
            algorithm=algorithm,
            config_type=int(TYPE_OF[algorithm]),
            bits=bits,
        )
    )
    return call.reply(id=key_id, creation_date=done.created_at)


def _asked(request: Any) -> tuple[str, int]:
    """Return algorithm and size; RSA with 2048 bits and SHA-256 when nothing is said."""
    match request.WhichOneof("key"):
        case "ecdsa":
            return CURVES[request.ecdsa.curve], 0
        case "ed25519":
            return "EdDSA", 0
    return HASHERS[request.rsa.hasher], BITS[request.rsa.bits]


@rpc(f"{SERVICE}/ActivateWebKey")
async def activate_web_key(request: Any, call: Call) -> Message:
    """Sign with a key from now on; the one that signed for the same until now is kept to verify."""
    rows = await _keys(call, state=int(Status.ACTIVE))
    profile, previous = await _profile(call, request.id), ""
    for row in rows:
        if row.id != request.id and await _profile(call, row.id) == profile:
            previous = row.id
    done = await call.send(c.ActivateWebKey(key_id=request.id, previous=previous))
    return call.reply(change_date=done.changed_at)


async def _profile(call: Call, key_id: str) -> str:
    """Return what a key signs for: everything, or what has keys of its own."""
    key: WebKey = (await aggregate_of(call, "web_key", key_id)).state
    return key.profile


@rpc(f"{SERVICE}/DeleteWebKey")
async def delete_web_key(request: Any, call: Call) -> Message:
    """Delete a key that does not sign; what it signed counts no more."""
    done = await call.send(c.RemoveWebKey(key_id=request.id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListWebKeys")
async def list_web_keys(_request: Any, call: Call) -> Message:
    """Return all signing keys, the oldest first."""
    return call.reply(web_keys=[web_key_of(row) for row in await _keys(call)])


async def _keys(call: Call, **where: int) -> list[Row]:
    question = Question(
        table=WEB_KEYS,
        instance_id=call.caller.instance_id,
        allowed=ALL,
        where=where,
        order="creation_date",
        limit=MAX_LIMIT,
    )
    return (await page_of(call, question)).rows


def web_key_of(row: Row) -> dict[str, Any]:
    """Return a signing key as the API shows it."""
    return {
        "id": row.id,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "state": row.state,
        **_described(row),
    }


def _described(row: Row) -> dict[str, Any]:
    match TYPE_OF.get(row.algorithm):
        case KeyType.ECDSA:
            return {"ecdsa": {"curve": CURVES.index(row.algorithm)}}
        case KeyType.ED25519:
            return {"ed25519": {}}
    # The modulus says how long it is: six bits to a character of base64url (RFC 7518, 6.3.1).
    bits = len(row.public["n"]) * 6 // 8 * 8
    hasher = HASHERS.index(row.algorithm, 1)
    return {"rsa": {"bits": BITS.index(bits, 1), "hasher": hasher}}
