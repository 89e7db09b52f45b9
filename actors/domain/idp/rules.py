"""What the settings of an identity provider may say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from personae.actors.domain.idp.refusals import INVALID
from personae.actors.domain.idp.values import Idp

LONGEST = 2048
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9;.-]{0,199}")
"""An attribute's or class's description (RFC 4512, 2.5): nothing that means anything in filters."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
"""A token (RFC 9110, 5.6.2)."""
_TENANT = re.compile(r"[A-Za-z0-9.-]{0,200}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
"""A scope token (RFC 6749, 3.3)."""


def check(idp: Idp) -> None:
    """Refuse settings that nothing could be done with. Raises IDP-Invalid, naming the field."""
    for name, holds in RULES.items():
        value = getattr(idp, name)
        each = value if isinstance(value, tuple) else (value,)
        if not all(holds(one) for one in each if one):
            raise INVALID(field=name)


def is_web_address(text: str) -> bool:
    """Say whether a text is an absolute address on the web, without credentials or fragment."""
    return _is_address(text, {"https", "http"})


def _is_server(text: str) -> bool:
    return _is_address(text, {"ldap", "ldaps"}) and urlsplit(text).path in {"", "/"}


def _is_address(text: str, schemes: set[str]) -> bool:
    if len(text) > LONGEST or _CONTROL.search(text) or "#" in text or "@" in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)


def _fits(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


RULES: Mapping[str, Callable[[Any], bool]] = {
    "name": str.isprintable,
    "client_id": str.isprintable,
    "scopes": _fits(_SCOPE),
    "issuer": is_web_address,
    "authorization_endpoint": is_web_address,
    "token_endpoint": is_web_address,
    "user_endpoint": is_web_address,
    "jwt_endpoint": is_web_address,
    "keys_endpoint": is_web_address,
    "header_name": _fits(_HEADER),
    "tenant": _fits(_TENANT),
    "servers": _is_server,
    "user_object_classes": _fits(_ATTRIBUTE),
    "user_filters": _fits(_ATTRIBUTE),
    "timeout": lambda span: 0 <= span <= 60 * 10**9,
    "first_name_attribute": _fits(_ATTRIBUTE),
    "last_name_attribute": _fits(_ATTRIBUTE),
    "display_name_attribute": _fits(_ATTRIBUTE),
    "nick_name_attribute": _fits(_ATTRIBUTE),
    "preferred_username_attribute": _fits(_ATTRIBUTE),
    "email_attribute": _fits(_ATTRIBUTE),
    "email_verified_attribute": _fits(_ATTRIBUTE),
    "phone_attribute": _fits(_ATTRIBUTE),
    "phone_verified_attribute": _fits(_ATTRIBUTE),
    "preferred_language_attribute": _fits(_ATTRIBUTE),
    "avatar_url_attribute": _fits(_ATTRIBUTE),
    "profile_attribute": _fits(_ATTRIBUTE),
}
"""By field; empty values are no concern of theirs."""
