"""Why a claim is in a token: the key of a text, and what to put into it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

OF_SCOPE = {
    "profile": (
        "preferred_username", "name", "family_name", "given_name", "nickname", "gender", "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
}  # fmt: skip
_SCOPE_OF = {claim: scope for scope, claims in OF_SCOPE.items() for claim in claims}

ALWAYS = frozenset({
    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "client_id", "auth_time", "amr",
    "nonce", "at_hash", "c_hash", "s_hash", "sid", "act", "cnf", "scope", "acr", "active",
    "username", "token_type", "events", "authorization_details",
})  # fmt: skip
"""Claims that have a text of their own."""

_OURS = "urn:zitadel:iam:"
_ORG = (f"{_OURS}user:resourceowner", f"{_OURS}org:id:", f"{_OURS}org:domain:primary:")
_STARTS = (
    (f"{_OURS}org:project:", "roles", (f"{_OURS}org:project:role:", f"{_OURS}org:projects:roles")),
    (f"{_OURS}user:metadata", "metadata", (f"{_OURS}user:metadata",)),
    (f"{_OURS}user:resourceowner", "organization", _ORG),
    (f"{_OURS}org:", "organization", _ORG),
)
"""How claims begin, their text, and how the scopes begin that ask for them."""


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: ``text`` is a key below ``playground.why``."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)


def why(claim: str, kind: str, granted: Collection[str]) -> Why:
    """Return why a claim is there; ``kind`` says in what, ``granted`` are the scopes."""
    if claim in ALWAYS:
        return Why(claim)
    if scope := _SCOPE_OF.get(claim):
        asked = Why("by_scope", {"scope": scope})
        return Why("in_id_token", asked.params) if kind == "id_token" else asked
    for start, text, scopes in _STARTS:
        if claim.startswith(start):
            named = [scope for scope in granted if scope.startswith(scopes)]
            return Why(text, {"scope": " ".join(named) or "—"})
    return Why("added")
