"""Rich authorization requests (RFC 9396): what is asked in detail, of declared types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from personae.actors.aggregates.clients import Client
from personae.actors.domain.project.oauth import is_resource
from personae.http.oidc.call import Call
from personae.http.oidc.errors import DETAILS_INVALID
from personae.http.oidc.form import Form
from personae.http.oidc.provider import DetailsType

PARAMETER = "authorization_details"
MOST = 20
LONGEST = 4 * 1024


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _are_locations(value: object) -> bool:
    return isinstance(value, list) and _are_texts(value) and all(map(is_resource, value))


COMMON: Mapping[str, Callable[[object], bool]] = {
    "type": _is_text,
    "locations": _are_locations,
    "actions": _are_texts,
    "datatypes": _are_texts,
    "privileges": _are_texts,
    "identifier": _is_text,
}
"""The members that every type may have, and what they must be (section 2.2)."""


def details_of(call: Call, client: Client | None, form: Form) -> tuple[str, ...] | None:
    """Return the details of a request, each as canonical JSON; ``None`` when it has none.

    Raises OIDC-DetailsInvalid (section 5): for what is no list of objects, a type that is not
    declared or not the client's, a member that its type does not have, or lacks.
    """
    text = form.get(PARAMETER)
    if not text:
        return None
    known = call.provider.profiles.details
    own = client.app.oauth.authorization_types if client else ()
    found = _parsed(text)
    for each in found:
        type_ = each.get("type")
        if not isinstance(type_, str) or type_ not in known or type_ not in own:
            raise DETAILS_INVALID(name="type")
        _check_members(each, known[type_])
    return tuple(
        dict.fromkeys(orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode() for each in found)
    )


def _parsed(text: str) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(text) if len(text) <= LONGEST else None
    except ValueError:
        found = None
    if not isinstance(found, list) or not 0 < len(found) <= MOST or "\\u0000" in text:
        raise DETAILS_INVALID(name=PARAMETER)
    if not all(isinstance(each, dict) for each in found):
        raise DETAILS_INVALID(name=PARAMETER)
    return found


def _check_members(detail: Mapping[str, Any], type_: DetailsType) -> None:
    for name in type_.required:
        if name not in detail:
            raise DETAILS_INVALID(name=name)
    for name, value in detail.items():
        common = COMMON.get(name)
        fine = common(value) if common else name in type_.required | type_.optional
        if not fine:
            raise DETAILS_INVALID(name=name)


def shown(details: tuple[str, ...]) -> dict[str, Any]:
    """Return the member of answers and tokens that says what was granted (section 7)."""
    return {PARAMETER: [orjson.loads(each) for each in details]} if details else {}
