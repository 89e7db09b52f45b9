"""Parameters count once."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask


def check_repeated(ask: Ask) -> None:
    """Refuse repeated parameters.

    "Request and response parameters MUST NOT be included more than once." (RFC 6749, 3.1)
    """
    ask.form.unique()
