"""Addresses for messages as callers word them, ``https://x.test/verify?code={{.Code}}``."""

from __future__ import annotations

import re

from personae.actors.domain.kit import Code, reason

INVALID = reason("MESSAGE-UrlTemplateInvalid", Code.INVALID_ARGUMENT)

PLACE = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")
"""Where a value goes, with the blanks that such templates may have."""

WEB = ("https://", "http://")

NAMES = frozenset(
    {
        *("Code", "OTP", "CodeID", "Origin", "SessionID"),
        *("UserID", "OrgID", "UserName", "LoginName", "PreferredLoginName"),
        *("FirstName", "LastName", "NickName", "DisplayName", "PreferredLanguage"),
        *("LastEmail", "VerifiedEmail", "LastPhone", "VerifiedPhone"),
    }
)
"""What can be filled in."""


def checked_template(template: str) -> str:
    """Return a template; refuse one whose message would go out with a link that leads nowhere.

    >>> checked_template("https://x.test/{{ .Code }}")
    'https://x.test/{{ .Code }}'
    """
    if not template:
        return template
    rest = PLACE.sub("", template)
    known = NAMES.issuperset(PLACE.findall(template))
    of_web = template.lower().startswith(WEB)
    if not (known and of_web and template.isprintable()) or "{{" in rest or "}}" in rest:
        raise INVALID(names=", ".join(sorted(NAMES)))
    return template
