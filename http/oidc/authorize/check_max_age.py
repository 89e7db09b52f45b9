"""How long ago the user may have signed in."""

from __future__ import annotations

import re

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.errors import PARAMETER_INVALID

SECONDS = re.compile(r"[0-9]{1,9}")


def check_max_age(ask: Ask) -> None:
    """Refuse anything but seconds (OIDC Core, 3.1.2.1)."""
    max_age = ask.form.get("max_age")
    if max_age and not SECONDS.fullmatch(max_age):
        raise PARAMETER_INVALID(name="max_age")
