"""The words every aggregate is written in: event, command, refusal, claim, kind."""

from personae.actors.domain.kit.aggregate import (
    KINDS,
    Address,
    Facts,
    Kind,
    address_of,
    command,
)
from personae.actors.domain.kit.caller import SYSTEM, Caller
from personae.actors.domain.kit.decision import Claim, Decisions, On, Release
from personae.actors.domain.kit.event import (
    EVENTS,
    UPCASTERS,
    Foreign,
    Recorded,
    Stream,
    event,
    name_of,
    payload_key,
    upcast,
    wire,
)
from personae.actors.domain.kit.refusal import REASONS, Code, Reason, Refusal, reason
from personae.actors.domain.kit.replace import replace

__all__ = [
    "EVENTS",
    "KINDS",
    "REASONS",
    "SYSTEM",
    "UPCASTERS",
    "Address",
    "Caller",
    "Claim",
    "Code",
    "Decisions",
    "Facts",
    "Foreign",
    "Kind",
    "On",
    "Reason",
    "Recorded",
    "Refusal",
    "Release",
    "Stream",
    "address_of",
    "command",
    "event",
    "name_of",
    "payload_key",
    "reason",
    "replace",
    "upcast",
    "wire",
]
