"""What is checked of an authorization request, in this order; one file each.

All of these are told to the client at its redirect URI.
"""

from __future__ import annotations

from collections.abc import Callable

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.check_bound import check_bound
from personae.http.oidc.authorize.check_grant import check_grant
from personae.http.oidc.authorize.check_max_age import check_max_age
from personae.http.oidc.authorize.check_nonce import check_nonce
from personae.http.oidc.authorize.check_pkce import check_pkce
from personae.http.oidc.authorize.check_prompt import check_prompt
from personae.http.oidc.authorize.check_pushed import check_pushed
from personae.http.oidc.authorize.check_repeated import check_repeated
from personae.http.oidc.authorize.check_response_mode import check_response_mode
from personae.http.oidc.authorize.check_response_type import check_response_type
from personae.http.oidc.authorize.check_scope import check_scope
from personae.http.oidc.authorize.reject_unsupported import reject_unsupported
from personae.http.oidc.fapi import check_request

CHECKS: tuple[Callable[[Ask], None], ...] = (
    check_repeated,
    check_pushed,
    reject_unsupported,
    check_response_type,
    check_response_mode,
    check_grant,
    check_bound,
    check_scope,
    check_pkce,
    check_nonce,
    check_prompt,
    check_max_age,
    check_request,
)


def check(ask: Ask) -> None:
    """Refuse what is not right."""
    for each in CHECKS:
        each(ask)
