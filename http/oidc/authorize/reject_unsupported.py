"""Parameters that change the meaning of a request and are not supported."""

from __future__ import annotations

from personae.actors.domain.kit import Reason
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.errors import (
    REGISTRATION_UNSUPPORTED,
    REQUEST_URI_UNSUPPORTED,
)

UNSUPPORTED: tuple[tuple[str, Reason], ...] = (
    ("request_uri", REQUEST_URI_UNSUPPORTED),
    ("registration", REGISTRATION_UNSUPPORTED),
)


def reject_unsupported(ask: Ask) -> None:
    """Refuse objects to be fetched (OIDC Core, 6.2) and registrations (7.2.1) by name."""
    for name, reason in UNSUPPORTED:
        if ask.form.get(name):
            raise reason()
