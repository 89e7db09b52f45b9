"""A sign-in elsewhere as decisions and doors need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from personae.actors.domain.idp_intent import events as e
from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.values import Sealed


class Status(IntEnum):
    """Life of an intent."""

    UNKNOWN = 0
    STARTED = 1
    SUCCEEDED = 2
    FAILED = 3
    CONSUMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The state of one; ``user_id`` is who was linked when the provider answered, if anybody."""

    status: Status = Status.UNKNOWN
    idp_id: str = ""
    success_url: str = ""
    failure_url: str = ""
    proof: Sealed | None = None
    idp_user: bytes = b""
    idp_user_id: str = ""
    idp_user_name: str = ""
    user_id: str = ""
    access_token: Sealed | None = None
    id_token: Sealed | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    expires: datetime | None = None


def _over(intent: Intent) -> bool:
    return intent.status in {Status.FAILED, Status.CONSUMED}


INTENT = Kind("idpintent", Intent(), over=_over)


@INTENT.on(e.IntentStarted)
def _(_intent: Intent, event: e.IntentStarted) -> Intent:
    return Intent(
        status=Status.STARTED,
        idp_id=event.idp_id,
        success_url=event.success_url,
        failure_url=event.failure_url,
        proof=event.proof,
    )


@INTENT.on(e.IntentSucceeded, e.IntentLdapSucceeded)
def _(intent: Intent, event: e.IntentSucceeded) -> Intent:
    return replace(
        intent,
        status=Status.SUCCEEDED,
        proof=None,
        idp_user=event.idp_user,
        idp_user_id=event.idp_user_id,
        idp_user_name=event.idp_user_name,
        user_id=event.user_id,
        access_token=getattr(event, "idp_access_token", None),
        id_token=getattr(event, "idp_id_token", None),
        attributes=getattr(event, "attributes", {}),
        expires=event.expires_at,
    )


@INTENT.on(e.IntentFailed)
def _(intent: Intent, _event: e.IntentFailed) -> Intent:
    return replace(intent, status=Status.FAILED, proof=None)


@INTENT.on(e.IntentConsumed)
def _(intent: Intent, _event: e.IntentConsumed) -> Intent:
    return replace(intent, status=Status.CONSUMED)
