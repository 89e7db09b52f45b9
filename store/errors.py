"""What the database may answer instead of rows: our words for it, which say what to do next.

None holds a value of a statement, and none of the driver's leaves the store: its habits differ from
asyncio's, as a ``statement_timeout`` arrives as ``CancelledError``.
"""

from __future__ import annotations

import asyncio

import psycopg2
from personae.actors.domain.kit import Refusal
from personae.actors.domain.kit.refusal import UNAVAILABLE
from psycopg2 import errorcodes, errors


class DatabaseError(Exception):
    """What a statement may raise. ``outcome_unknown``: a write may have been committed."""

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class Unavailable(DatabaseError, Refusal):  # noqa: N818 — a state, not a fault
    """The database cannot be reached, went away, or every connection is taken: try later.

    No fault of the caller, who is told to try again.
    """

    def __init__(self, message: str = "", *, outcome_unknown: bool = False) -> None:
        Refusal.__init__(self, UNAVAILABLE)
        self.outcome_unknown = outcome_unknown
        self.message = message

    def __str__(self) -> str:
        return self.message or self.id


class DiskFull(Unavailable):
    """The database has no room left: it answers, and nothing can be written."""


class QueryTimeout(Unavailable):
    """The statement took longer than we allow, which is no deadline of its caller's."""


class SerializationFailure(DatabaseError):  # noqa: N818 — PostgreSQL's word
    """The transaction met another one (40001, deadlock included): run it again."""


class Conflict(DatabaseError):  # noqa: N818 — as above
    """A row with this key exists; ``constraint`` names the key that refused."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"conflict with {constraint}")
        self.constraint = constraint


class StatementError(DatabaseError):
    """The statement or one of its values is wrong; ``sqlstate`` says how."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{sqlstate} {message}".rstrip())
        self.sqlstate = sqlstate


def said(error: BaseException, *, lost: bool) -> DatabaseError:
    """Return our word for whatever the driver raised."""
    if isinstance(error, asyncio.CancelledError):
        return QueryTimeout("cancelled by the server")
    if isinstance(error, TimeoutError):
        return QueryTimeout("no answer in time", outcome_unknown=True)
    if isinstance(error, psycopg2.Error):
        return translated(error, lost=lost)
    return StatementError("22021", "a text holds NUL or half a character")


def translated(error: psycopg2.Error, *, lost: bool) -> DatabaseError:
    """Return our word for a driver's error, without the values that PostgreSQL puts in its text."""
    state = error.pgcode or ""
    if state == errorcodes.UNIQUE_VIOLATION:
        return Conflict(error.diag.constraint_name or "")
    if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected)):
        return SerializationFailure(state)
    if state == errorcodes.DISK_FULL and not lost:
        return DiskFull(f"no room on the disk {state}")
    if lost or state[:2] in {"08", "53", "57"}:
        return Unavailable(f"connection lost {state}".rstrip(), outcome_unknown=lost)
    if not state and isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return Unavailable("connection lost", outcome_unknown=True)
    about_the_sql = state.startswith("42")
    return StatementError(state, (error.diag.message_primary or "") if about_the_sql else "")
