"""What happens to a sign-in elsewhere."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from personae.actors.domain.kit import event, upcast, wire
from personae.actors.domain.values import Sealed


@event("idpintent.started")
class IntentStarted:
    """``proof`` is ours: what the answer must show to be the one to this request, sealed."""

    success_url: str = wire("successURL", default="")
    failure_url: str = wire("failureURL", default="")
    idp_id: str
    idp_arguments: dict[str, Any] = field(default_factory=dict)
    proof: Sealed | None = None


@event("idpintent.succeeded")
class IntentSucceeded:
    """``idp_user`` is what the provider said of the user, as JSON; ``user_id`` who is linked."""

    idp_user: bytes = b""
    idp_user_id: str = ""
    idp_user_name: str = ""
    user_id: str = ""
    idp_access_token: Sealed | None = None
    idp_id_token: Sealed | None = None
    expires_at: datetime | None = None


@event("idpintent.ldap.succeeded")
class IntentLdapSucceeded:
    idp_user: bytes = b""
    idp_user_id: str = ""
    idp_user_name: str = ""
    user_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@event("idpintent.failed")
class IntentFailed:
    reason: str = ""


@event("idpintent.consumed")
class IntentConsumed:
    pass


@upcast("idpintent.succeeded")
def plain_tokens_are_left_out(payload: dict[str, Any]) -> dict[str, Any]:
    """Drop an ID token that was stored in plain: nobody needs it after an hour."""
    token = payload.get("idpIdToken")
    return {**payload, "idpIdToken": token if isinstance(token, dict) else None}
