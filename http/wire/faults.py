"""Refusals in the words of each wire."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

import structlog
from google.protobuf.message import DecodeError, Message
from personae.actors.domain.kit import Code, Refusal
from personae.actors.domain.kit.refusal import (
    INTERNAL,
    PERMISSION_DENIED,
    TIMEOUT,
    UNAUTHENTICATED,
)
from personae.http.wire.call import Call
from personae.http.wire.descriptors import message_class
from personae.http.wire.reasons import COMPRESSED, TOO_LARGE, WRONG_TYPE, WRONG_VERB
from personae.http.wire.services import Services
from personae.http.wire.wrong import Wrong

log = structlog.get_logger()
DETAIL: Final = message_class("zitadel.v1.ErrorDetail")

HTTP_ONLY = {WRONG_VERB: 405, TOO_LARGE: 413, WRONG_TYPE: 415, COMPRESSED: 415}
"""Where HTTP has a status of its own."""
RETRY_AFTER = "1"
"""Seconds."""
BEARER: Final = 'Bearer realm="api"'
CHALLENGES: Final[dict[str, str]] = {
    UNAUTHENTICATED.id: BEARER,
    PERMISSION_DENIED.id: f'{BEARER}, error="insufficient_scope"',
}
"""Who shows no token that gives access is told how to (RFC 6750, 3): always with a parameter.

By the reason's id; rooms above add how theirs are answered.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a caller is told: HTTP status, code, and a sentence that ends in the reason's id."""

    status: int
    code: Code
    id: str
    sentence: str

    @property
    def message(self) -> str:
        """The sentence with the id that support asks for."""
        return f"{self.sentence} ({self.id})"

    @property
    def headers(self) -> dict[str, str]:
        """What HTTP adds: how to authenticate, when to come again."""
        if self.code is Code.UNAUTHENTICATED or self.id in CHALLENGES:
            challenge = CHALLENGES.get(self.id, f'{BEARER}, error="invalid_token"')
            return {"WWW-Authenticate": challenge}
        if self.status in {Code.UNAVAILABLE.http, Code.RESOURCE_EXHAUSTED.http}:
            return {"Retry-After": RETRY_AFTER}
        return {}

    def detail(self) -> Message:
        """Return the detail as the message that gRPC and Connect carry."""
        return DETAIL(id=self.id, message=self.sentence)

    def rest(self) -> dict[str, Any]:
        """Return the body of a REST answer."""
        kind = f"type.googleapis.com/{DETAIL.DESCRIPTOR.full_name}"
        detail = {"@type": kind, "id": self.id, "message": self.sentence}
        return {"code": self.code.value, "message": self.message, "details": [detail]}

    def connect(self) -> dict[str, Any]:
        """Return the body of a Connect answer."""
        detail = {
            "type": DETAIL.DESCRIPTOR.full_name,
            "value": b64encode(self.detail().SerializeToString()).decode().rstrip("="),
            "debug": {"id": self.id, "message": self.sentence},
        }
        return {"code": self.code.name.lower(), "message": self.message, "details": [detail]}


def call_fault(error: Exception, call: Call) -> Fault:
    """Return what to tell the caller of a call about an error."""
    context = {"method": call.method.name, "request_id": call.request_id}
    return fault_of(error, call.services, call.language, **context)


def fault_of(error: Exception, services: Services, language: str, **context: str) -> Fault:
    """Return what to tell about an error; what nobody foresaw is logged with ``context``."""
    refusal = _refusal(error)
    if refusal is None:
        log.error("call failed", **context, exc_info=error)
        refusal = INTERNAL()
    status = HTTP_ONLY.get(refusal.reason) or refusal.code.http
    return Fault(status, refusal.code, refusal.id, services.sentence(refusal, language))


def _refusal(error: Exception) -> Refusal | None:
    match error:
        case Refusal():
            return error
        case Wrong():
            return error.refusal()
        case DecodeError():
            return Wrong("protobuf").refusal()
        case TimeoutError():
            return TIMEOUT()
    return None
