"""A refusal: the domain's way to say no.

A refusal is a value of a small catalogue. Three audiences read it: clients match on its ``id``,
which never changes; people read the sentence that ``config/i18n`` holds under the same id; and
each wire turns its ``code`` into its own status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Self


class Code(Enum):
    """Why a command or a question was refused, in the words of gRPC's status codes.

    ``http`` is the HTTP status that their definition gives each (google/rpc/code.proto).
    """

    INVALID_ARGUMENT = 3, 400
    DEADLINE_EXCEEDED = 4, 504
    NOT_FOUND = 5, 404
    ALREADY_EXISTS = 6, 409
    PERMISSION_DENIED = 7, 403
    RESOURCE_EXHAUSTED = 8, 429
    FAILED_PRECONDITION = 9, 400
    ABORTED = 10, 409
    UNIMPLEMENTED = 12, 501
    INTERNAL = 13, 500
    UNAVAILABLE = 14, 503
    UNAUTHENTICATED = 16, 401

    http: int

    def __new__(cls, number: int, http: int) -> Self:
        """Make one by its number; ``Code(5)`` finds it."""
        code = object.__new__(cls)
        code._value_, code.http = number, http
        return code


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of a catalogue: a stable id and a code.

    >>> TAKEN = Reason("USER-NameTaken", Code.ALREADY_EXISTS)
    >>> raise TAKEN(name="gigi")
    """

    id: str
    code: Code

    def __call__(self, **params: object) -> Refusal:
        """Make the refusal to raise; ``params`` fill the placeholders of its sentence."""
        return Refusal(self, params)


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 — a refusal is an answer, not an error
    """A reason with what fills its sentence: raised by deciders, facts and doors, sent as reply."""

    reason: Reason
    params: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.reason.id)

    @property
    def id(self) -> str:
        """The stable id that clients match on."""
        return self.reason.id

    @property
    def code(self) -> Code:
        """The class of the refusal."""
        return self.reason.code

    def __str__(self) -> str:
        return f"{self.id} {dict(self.params)}" if self.params else self.id


REASONS: dict[str, Reason] = {}


def reason(id_: str, code: Code) -> Reason:
    """Enter a reason into the catalogue. Raises ``ValueError`` when the id is taken."""
    if id_ in REASONS:
        raise ValueError(f"two reasons share the id {id_}")
    return REASONS.setdefault(id_, Reason(id_, code))


# What any aggregate, door or store may answer.
CONTENDED = reason("COMMAND-Contended", Code.ABORTED)
INTERNAL = reason("SYSTEM-Internal", Code.INTERNAL)
UNAVAILABLE = reason("SYSTEM-Unavailable", Code.UNAVAILABLE)
OVERLOADED = reason("SYSTEM-Overloaded", Code.UNAVAILABLE)
TIMEOUT = reason("SYSTEM-Timeout", Code.DEADLINE_EXCEEDED)
INVALID = reason("REQUEST-Invalid", Code.INVALID_ARGUMENT)
UNAUTHENTICATED = reason("AUTH-Unauthenticated", Code.UNAUTHENTICATED)
PERMISSION_DENIED = reason("AUTH-PermissionDenied", Code.PERMISSION_DENIED)
