"""What a provider said of a user, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.idp.presets import ATTRIBUTES
from personae.actors.domain.idp.values import Idp

LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A user elsewhere; texts are empty where nothing was said."""

    id: str = ""
    first_name: str = ""
    last_name: str = ""
    display_name: str = ""
    nick_name: str = ""
    preferred_username: str = ""
    email: str = ""
    email_verified: bool = False
    phone: str = ""
    phone_verified: bool = False
    preferred_language: str = ""
    avatar_url: str = ""
    profile: str = ""

    @property
    def name(self) -> str:
        """What the account elsewhere is called for people."""
        return self.preferred_username or self.email or self.display_name or self.id


def mapped(idp: Idp, raw: Mapping[str, Any]) -> Mapped:
    """Return the user that a provider (completed by its preset) described.

    An address counts as verified only where the provider says so of it, or of all its addresses.
    """
    named = {name.removesuffix("_attribute"): getattr(idp, name) for name in ATTRIBUTES}
    found = {ours: raw.get(theirs) if theirs else None for ours, theirs in named.items()}
    texts = {ours: _text(value) for ours, value in found.items() if not ours.endswith("_verified")}
    email = bool(texts["email"]) and (idp.email_verified or _true(found["email_verified"]))
    phone = bool(texts["phone"]) and _true(found["phone_verified"])
    return Mapped(**texts, email_verified=email, phone_verified=phone)


def _text(value: Any) -> str:
    """Return a value as text: the first of several, nothing for what is none."""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= LONGEST and text.isprintable() else ""


def _true(value: Any) -> bool:
    if isinstance(value, list | tuple):
        value = value[0] if value else False
    return value is True or (isinstance(value, str) and value.lower() == "true")
