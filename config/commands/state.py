"""``personae state``: an aggregate as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import orjson
from personae.config.commands.options import as_json, example, of_instance, store_command

if TYPE_CHECKING:
    from personae.actors.aggregates.history import History
    from personae.config.settings import Settings


class Moment(click.ParamType[int | datetime]):
    """A sequence number, or a time; one without a zone is UTC."""

    name = "TIME|SEQUENCE"

    def convert(self, value: Any, _param: Any, _context: Any) -> int | datetime:
        """Read ``17`` or ``2026-11-23T12:00:00Z``."""
        if isinstance(value, int | datetime):
            return value
        try:
            if value.isdecimal():
                return int(value)
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a sequence nor a time such as 2026-11-23T12:00:00Z")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command(
    epilog=example("personae state user 3210 --at 2", "personae state org 77 --at 2026-11-01")
)
@store_command
@of_instance
@click.argument("aggregate_type")
@click.argument("id_", metavar="ID")
@click.option("--at", type=Moment(), help="As it was then; as it is now without it.")
@as_json
async def state(
    settings: Settings,
    *,
    aggregate_type: str,
    id_: str,
    instance: str,
    at: int | datetime | None,
    as_json: bool,
) -> None:
    """Print the state of an aggregate at a moment, and what each event changed.

    Secrets and hashes are masked.
    """
    from personae.actors import domain
    from personae.actors.aggregates.history import history
    from personae.actors.domain.kit import Stream
    from personae.config.commands.printing import print_json
    from personae.config.tools import instance_of, store
    from personae.store.postgres import PostgresLog

    domain.load()
    async with store(settings) as database:
        log = PostgresLog(database)
        stream = Stream(await instance_of(log, instance), aggregate_type, id_)
        told = _told(await history(log, stream, at))
    if as_json:
        print_json(told)
    else:
        _print(told)


def _told(found: History) -> dict[str, Any]:
    """Return what there is to tell, as JSON can hold it, without secrets."""
    from personae.actors.aggregates.history import flat
    from personae.actors.domain.kit import Foreign, name_of
    from personae.config.commands.printing import masked

    return {
        **found.stream._asdict(),
        "state": {path: masked(value, path) for path, value in flat(found.state)},
        "events": [
            {
                "sequence": step.recorded.sequence,
                "position": step.recorded.position,
                "event_type": (
                    event.type
                    if isinstance(event := step.recorded.event, Foreign)
                    else name_of(event)
                ),
                "created_at": step.recorded.created_at,
                "creator": step.recorded.creator,
                "changes": [
                    {
                        "field": change.path,
                        "old": masked(change.old, change.path),
                        "new": masked(change.new, change.path),
                    }
                    for change in step.changes
                ],
            }
            for step in found.steps
        ],
    }


def _print(told: dict[str, Any]) -> None:
    last = told["events"][-1]
    click.echo(
        f"{told['type']} {told['id']} of instance {told['instance_id']},"
        f" after event {last['sequence']} of {last['created_at']}"
    )
    for path, value in told["state"].items():
        click.echo(f"  {path}: {_shown(value)}")
    click.echo("\nhow it came to be")
    for event in told["events"]:
        click.echo(
            f"  {event['sequence']}  {event['created_at']}  {event['event_type']}"
            f"  by {event['creator'] or '-'}"
        )
        for change in event["changes"]:
            old, new = _shown(change["old"]), _shown(change["new"])
            click.echo(f"       {change['field']}: {old} → {new}")


def _shown(value: object) -> str:
    return "-" if value is None else orjson.dumps(value, default=str).decode()
