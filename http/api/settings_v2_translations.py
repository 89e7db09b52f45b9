"""``zitadel.settings.v2.SettingsService``: texts of the sign-in pages, on three levels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from personae.actors.domain.instance.commands import SetLoginTranslation
from personae.actors.domain.org.commands import SetOrgLoginTranslation
from personae.actors.domain.org.refusals import NOT_FOUND
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.settings_v2 import SERVICE
from personae.http.identity.translations import merged
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
LARGEST = 64 * 1024
"""Bytes of the texts of one language on one level."""


@rpc(f"{SERVICE}/GetHostedLoginTranslation")
async def get_translation(request: Any, call: Call) -> Message:
    """Return the texts of one level, with those of the levels above below them."""
    level = request.WhichOneof("level")
    if level is None:
        raise Wrong("system, instance or organization_id", "level")
    locale = checked(request.locale)
    levels = await _levels(call, level, request.organization_id, locale)
    if request.ignore_inheritance:
        levels = levels[-1:]
    texts: Mapping[str, Any] = {}
    for each in levels:
        texts = merged(texts, each)
    return call.reply(etag=etag(texts), translations=texts)


async def _levels(call: Call, level: str, org_id: str, locale: str) -> list[Mapping[str, Any]]:
    """Return the texts of a level and of those above it, the highest first."""
    shipped = services_of(call).texts.tree(locale.partition("-")[0].lower(), "login")
    levels: list[Mapping[str, Any]] = [shipped]
    if level != "system":
        instance = await aggregate_of(call, "instance", call.caller.instance_id)
        levels.append(instance.state.translations.get(locale, {}))
    if level == "organization_id":
        org = await aggregate_of(call, "org", org_id)
        if not org.state.exists:
            raise NOT_FOUND()
        levels.append(org.state.translations.get(locale, {}))
    return levels


@rpc(f"{SERVICE}/SetHostedLoginTranslation")
async def set_translation(request: Any, call: Call) -> Message:
    """Replace the texts of one language on one level."""
    texts, locale = MessageToDict(request.translations), checked(request.locale)
    if len(orjson.dumps(texts)) > LARGEST:
        raise Wrong("max_len", "translations")
    order: SetLoginTranslation | SetOrgLoginTranslation
    match request.WhichOneof("level"):
        case "instance":
            instance_id = call.caller.instance_id
            order = SetLoginTranslation(instance_id=instance_id, language=locale, translation=texts)
        case "organization_id":
            order = SetOrgLoginTranslation(
                org_id=request.organization_id, language=locale, translation=texts
            )
        case _:
            raise Wrong("instance or organization_id", "level")
    await call.send(order)
    return call.reply(etag=etag(texts))


def checked(locale: str) -> str:
    """Return a language tag (BCP 47), or refuse what is none."""
    if not LOCALE.fullmatch(locale):
        raise Wrong("a language tag", "locale")
    return locale


def etag(texts: Mapping[str, Any]) -> str:
    """Return what changes whenever the texts do: 32 characters."""
    plain = orjson.dumps(texts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(plain).hexdigest()[:32]
