"""Calls of the older ``v2beta`` methods: translated, then answered by the v2 function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from personae.http.wire.beta import ALIKE, NAMED, RENAMED
from personae.http.wire.beta_fields import ASKED, CONSTANTS, TOLD, Fields
from personae.http.wire.call import Call
from personae.http.wire.methods import METHODS, Method
from personae.http.wire.reasons import OLDER_FIELD
from personae.http.wire.validate import validate

Answer = Callable[[Any, Call], Awaitable[Any]]


def older(name: str) -> str | None:
    """Return the name of the same method in the older package, if that has it."""
    service, slash, method = name.partition("/")
    service = RENAMED.get(service + slash, f"{service}{slash}".replace(".v2.", ".v2beta."))
    same = NAMED.get(name, service + method)
    return same if same != name and same in METHODS else None


def answered_by(function: Answer, newer: Method, beta: Method) -> Answer:
    """Return what answers an older method with the function of its successor."""
    alike = beta.name.split(".")[1] in ALIKE

    async def answer(request: Message, call: Call) -> Message:
        as_newer = replace(call, method=newer, json=False)
        if alike:
            asked = newer.request.FromString(request.SerializeToString())
            reply: Message = await function(asked, as_newer)
            return beta.reply.FromString(reply.SerializeToString())
        asked = newer.request()
        ask(request, asked)
        validate(asked)
        told = beta.reply()
        tell(await function(asked, as_newer), told)
        return told

    return answer


def ask(older_one: Message, newer: Any) -> None:
    """Fill a v2 message from an older one. Raises ``Refusal`` for a field that v2 has not."""
    kind = _kind(older_one)
    for field, value in older_one.ListFields():
        if constant := CONSTANTS.get(f"{kind}.{field.name}"):
            _put(newer, *constant)
        path, part = _way(ASKED.get(kind, {}), field.name, value)
        if path:
            _put(newer, path, part)


def _way(fields: Fields, name: str, value: Any) -> tuple[str, Any]:
    """Return where a field goes, and what of it: itself, or the one field inside that is named."""
    for known, path in fields.items():
        outer, _, inner = known.partition(".")
        if outer == name:
            return path, getattr(value, inner) if inner else value
    return name, value


def _put(message: Any, path: str, value: Any) -> None:
    name, _, rest = path.partition(".")
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise OLDER_FIELD(field=name)
    target = getattr(message, name)
    if rest:
        _put(target.add() if field.is_repeated else target, rest, value)
    elif field.is_repeated:
        _extend(target, value)
    elif field.message_type:
        target.SetInParent()
        _copy(value, target, ask)
    else:
        setattr(message, name, value)


def _extend(target: Any, value: Any) -> None:
    values = [value] if isinstance(value, str) else value
    for one in values:
        if isinstance(one, Message):
            _copy(one, target.add(), ask)
        else:
            target.append(one)


def _copy(value: Any, target: Any, translate: Callable[[Any, Any], None]) -> None:
    if value.DESCRIPTOR is target.DESCRIPTOR:
        target.CopyFrom(value)
    else:
        translate(value, target)


def tell(newer: Any, older_one: Any) -> None:
    """Fill an older message from a v2 one; what that does not say stays unset."""
    fields = TOLD.get(_kind(older_one), {})
    for field in older_one.DESCRIPTOR.fields:
        path, inner = _source(fields, field.name)
        for value in _found(newer, path.split(".")):
            _tell_one(older_one, field, inner, value)


def _source(fields: Fields, name: str) -> tuple[str, str]:
    for known, path in fields.items():
        outer, _, inner = known.partition(".")
        if outer == name:
            return path, inner
    return name, ""


def _found(message: Any, path: list[str]) -> Iterator[Any]:
    field = message.DESCRIPTOR.fields_by_name.get(path[0])
    if field is None or (field.has_presence and not message.HasField(path[0])):
        return
    value = getattr(message, path[0])
    if not value and not field.has_presence:
        return  # unset: an older field of a oneof must not take the place of another
    for one in value if field.is_repeated else (value,):
        if path[1:]:
            yield from _found(one, path[1:])
        else:
            yield one


def _tell_one(older_one: Any, field: Any, inner: str, value: Any) -> None:
    if not field.message_type:
        if field.is_repeated:
            getattr(older_one, field.name).append(value)
        else:
            setattr(older_one, field.name, value)
        return
    target = getattr(older_one, field.name)
    target = target.add() if field.is_repeated else target
    target = getattr(target, inner) if inner else target
    target.SetInParent()
    _copy(value, target, tell)


def _kind(older_one: Any) -> str:
    """Return how the tables call a message: ``project.Project``."""
    name: str = older_one.DESCRIPTOR.full_name
    return name.removeprefix("zitadel.").replace(".v2beta", "")
