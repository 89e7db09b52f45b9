"""What policies may say, and which events a wish for another one leads to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from personae.actors.domain import policies as p
from personae.actors.domain.kit import Code, Decisions, reason
from personae.actors.domain.policy_family import event_of, values_of

INVALID = reason("POLICY-Invalid", Code.INVALID_ARGUMENT)
NOT_FOUND = reason("POLICY-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("POLICY-AlreadyExists", Code.ALREADY_EXISTS)
NAMES_IN_USE = reason("POLICY-NamesInUse", Code.FAILED_PRECONDITION)

LONGEST_PASSWORD = 72
LONGEST_LINK = 2048
COLOUR = re.compile("(#[0-9a-fA-F]{6})?")
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,260}")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def changed(level: str, current: Any, wanted: Any) -> Decisions:
    """Yield what turns a policy into another; nothing where they agree. Raises a refusal."""
    check(wanted)
    before = values_of(current)
    different = {key: value for key, value in values_of(wanted).items() if value != before[key]}
    if different:
        yield event_of(level, type(wanted), "changed")(**different)


def check(policy: Any) -> None:
    """Refuse values that must not take effect. Raises POLICY-Invalid, which names the field."""
    for name, value in values_of(policy).items():
        if not _is_fine(name, value):
            raise INVALID(field=name)


def changes_naming(current: Any, wanted: Any) -> bool:
    """Say whether user names would be unique within something else than before."""
    if not isinstance(wanted, p.DomainPolicy):
        return False
    return bool(wanted.user_login_must_be_domain != current.user_login_must_be_domain)


def _is_fine(name: str, value: Any) -> bool:
    if name == "default_redirect_uri":
        return not value or is_safe_target(value)
    if name == "min_length":
        return 1 <= int(value) <= LONGEST_PASSWORD
    if name.endswith("_link"):
        return not value or _is_link(value)
    if "_color" in name:
        return COLOUR.fullmatch(value) is not None
    if name == "allowed_origins":
        return all(ORIGIN.fullmatch(origin) for origin in value)
    return not isinstance(value, int) or value >= 0


def is_safe_target(uri: str) -> bool:
    """Say whether browsers may be sent there: https, or http on loopback; never a script."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not _is_plain(uri) or not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def _is_link(uri: str) -> bool:
    return _is_plain(uri) and uri.startswith(("https://", "http://"))


def _is_plain(uri: str) -> bool:
    return len(uri) <= LONGEST_LINK and uri.isprintable() and " " not in uri and "\\" not in uri
