"""What answers of many methods have in common."""

from __future__ import annotations

from typing import Any

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.orders import Done
from personae.http.api.reading import services_of
from personae.http.api.times import Moment, timestamp
from personae.http.wire.call import Call
from personae.projections.kit import Page, Question, Row


def done_details(done: Done) -> dict[str, Any]:
    """Return the ``Details`` of what a command led to."""
    return {
        "sequence": done.sequence,
        "change_date": timestamp(done.changed_at),
        "resource_owner": done.owner,
        "creation_date": timestamp(done.created_at),
    }


def row_details(row: Row, moment: Moment = timestamp) -> dict[str, Any]:
    """Return the ``Details`` of a row."""
    return {
        "sequence": row.sequence,
        "change_date": moment(row.change_date),
        "resource_owner": row.resource_owner,
        "creation_date": moment(row.creation_date),
    }


def list_details(call: Call, page: Page) -> dict[str, Any]:
    """Return the ``ListDetails`` of a page."""
    return {
        "total_result": page.total,
        "processed_sequence": page.position,
        "timestamp": services_of(call).world.now(),
    }


def pagination(page: Page, question: Question) -> dict[str, Any]:
    """Return the ``PaginationResponse`` of a page."""
    return {"total_result": page.total, "applied_limit": question.size}


def aggregate_details(aggregate: Aggregate) -> dict[str, Any]:
    """Return the ``Details`` of an aggregate."""
    return {
        "sequence": aggregate.version,
        "change_date": timestamp(aggregate.changed_at),
        "resource_owner": aggregate.owner,
        "creation_date": timestamp(aggregate.created_at),
    }
