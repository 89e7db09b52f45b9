"""What happens to identity providers: two events per kind, made from the table of kinds."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from personae.actors.domain.idp.presets import PRESETS
from personae.actors.domain.idp.values import OPTIONS, Idp, IdpKind
from personae.actors.domain.kit import event, wire
from personae.actors.domain.kit.event import payload_key

ADDED: dict[IdpKind, type] = {}
CHANGED: dict[IdpKind, type] = {}
"""By kind. A changed event carries only what has changed."""

KIND_OF: dict[type, IdpKind] = {}

_FIELDS = {each.name: each for each in fields(Idp)}
_HINTS: dict[str, Any] = get_type_hints(Idp)


def stored_fields(kind: IdpKind) -> tuple[str, ...]:
    """Return the fields of a kind that events carry."""
    secret = () if kind is IdpKind.JWT else ("secret",)
    return ("name", *PRESETS[kind].settings, *secret, *OPTIONS)


def _declare(kind: IdpKind, does: str) -> type:
    content: dict[str, Any] = {"__module__": __name__, "__annotations__": {"id": str}}
    name = f"instance.idp.{kind}.{does}"
    for each in stored_fields(kind):
        known = _FIELDS[each]
        key = payload_key(each, known.metadata)
        if each == "secret":
            key = PRESETS[kind].sealed_as
        default = None if does == "changed" or known.default is MISSING else known.default
        hint = _HINTS[each]
        content["__annotations__"][each] = hint | None if does == "changed" else hint
        content[each] = wire(key, default=default)
    made = event(name)(type(f"{kind.name.title()}Idp{does.capitalize()}", (), content))
    KIND_OF[made] = kind
    return made


for _kind in IdpKind:
    ADDED[_kind] = _declare(_kind, "added")
    CHANGED[_kind] = _declare(_kind, "changed")


@event("instance.idp.removed")
class IdpRemoved:
    id: str
