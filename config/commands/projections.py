"""``personae projections``: how far the read models are, built anew, compared, mended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

import click
from personae.config.commands.options import as_json, example, of_instance, store_command

if TYPE_CHECKING:
    from personae.config.settings import Settings
    from personae.projections.kit.shelf import Shelf
    from personae.projections.kit.table import Table
    from personae.projections.kit.verify import Difference
    from personae.store.postgres import PostgresLog

some_tables = click.argument("names", nargs=-1, metavar="[NAME]…")


def one_event(command: Callable[..., Any]) -> Callable[..., Any]:
    """Name a parked event."""
    return click.argument("name")(click.argument("position", type=click.IntRange(1))(command))


@click.group(
    epilog=example("personae projections status", "personae projections rebuild users --data /d")
)
def projections() -> None:
    """Look at the read models, build them anew, compare them with the log.

    All of it may be done while servers run.
    """


@projections.command("list", epilog=example("personae projections list"))
@store_command
@as_json
async def list_(settings: Settings, *, as_json: bool) -> None:
    """List the tables of this release, and which version of each is asked."""
    from personae.config.commands.printing import print_json, print_table
    from personae.projections.kit import versions

    async with opened(settings) as (shelf, _log):
        asked = await versions.answering(shelf) if await shelf.exists() else {}
    rows = [(one.name, one.version, asked.get(versions.version_of(one), 0)) for one in tables()]
    heads = ("table", "version", "asked")
    if as_json:
        print_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        print_table(heads, [(name, mine, asked or "-") for name, mine, asked in rows])


@projections.command(epilog=example("personae projections status --json"))
@store_command
@as_json
async def status(settings: Settings, *, as_json: bool) -> None:
    """Show how far every table is in every instance.

    LAG counts the events that a table still wants; FAILED those put aside.
    """
    from personae.config.commands.printing import print_json, print_table
    from personae.projections.kit.survey import survey

    async with opened(settings) as (shelf, log):
        found = await survey(shelf, log, tables())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    heads = ("table", "version", "instance", "position", "head", "lag", "failed", "asked")
    print_table(heads, [(*astuple(one)[:-1], "yes" if one.asked else "no") for one in found])


@projections.command(epilog=example("personae projections rebuild users"))
@store_command
@some_tables
@as_json
async def rebuild(settings: Settings, *, names: tuple[str, ...], as_json: bool) -> None:
    """Build tables anew from the log and move them into place; all of them without a NAME.

    Questions are answered by the present rows meanwhile. Killed, it goes on where it was when it
    is started again.
    """
    from personae.config.commands.printing import print_json
    from personae.config.commands.progress import Shown
    from personae.projections.kit import versions
    from personae.projections.kit.rebuild import rebuild

    chosen = choose(names)
    async with opened(settings) as (shelf, log):
        await versions.prepare(shelf, chosen)
        with Shown() as shown:
            for table in chosen:
                await rebuild(shelf, log, table, shown.report)
    if as_json:
        print_json({"rebuilt": [table.name for table in chosen]})
    else:
        click.echo(f"rebuilt: {', '.join(table.name for table in chosen)}")


@projections.command(epilog=example("personae projections verify || echo look at it"))
@store_command
@some_tables
@as_json
async def verify(settings: Settings, *, names: tuple[str, ...], as_json: bool) -> None:
    """Build tables beside the live ones and compare row by row; exit 1 when they differ."""
    from personae.config.commands.printing import print_json
    from personae.config.commands.progress import Shown
    from personae.projections.kit import versions
    from personae.projections.kit.verify import verify

    found: dict[str, list[Difference]] = {}
    async with opened(settings) as (shelf, log):
        await versions.prepare(shelf, chosen := choose(names))
        with Shown() as shown:
            for table in chosen:
                found[table.name] = await verify(shelf, log, table, shown.report)
    if as_json:
        print_json({name: [asdict(one) for one in differing] for name, differing in found.items()})
    else:
        for name, differing in found.items():
            _print_differences(name, differing)
    raise SystemExit(1 if any(found.values()) else 0)


def _print_differences(name: str, differing: list[Difference]) -> None:
    if not differing:
        click.echo(f"{name}: as the log says")
    for one in differing:
        columns = f": {', '.join(one.columns)}" if one.columns else ""
        click.echo(f"{name}: {one.kind} {'/'.join(one.key)} of {one.instance_id}{columns}")


@projections.command(epilog=example("personae projections failed --json"))
@store_command
@of_instance
@as_json
async def failed(settings: Settings, *, instance: str, as_json: bool) -> None:
    """List the events that a table could not digest and put aside."""
    from personae.config.commands.printing import print_json, print_table
    from personae.projections.kit import poison

    async with opened(settings) as (shelf, _log):
        found = await poison.failed(shelf, instance) if await shelf.exists() else []
    if as_json:
        print_json([asdict(one) for one in found])
        return
    heads = ("table", "position", "instance", "event", "aggregate", "attempts", "error")
    print_table(
        heads,
        [
            (one.name, one.position, one.instance_id, one.event_type,
             f"{one.aggregate_type} {one.aggregate_id}", one.attempts, one.error)
            for one in found
        ],
    )  # fmt: skip


@projections.command(epilog=example("personae projections retry users 4711"))
@store_command
@one_event
@of_instance
@as_json
async def retry(
    settings: Settings, *, name: str, position: int, instance: str, as_json: bool
) -> None:
    """Apply an event that was put aside, after its cause was mended."""
    from personae.config.tools import instance_of
    from personae.projections.kit import poison
    from personae.projections.kit.failure import described

    [table] = choose((name,))
    async with opened(settings) as (shelf, log):
        one = await instance_of(log, instance)
        try:
            done = await poison.retry(shelf, log, table, one, position)
        except Exception as error:
            raise click.ClickException(f"it failed again: {described(error)}") from error
    _say(done, "applied", name, position, as_json=as_json)


@projections.command(epilog=example("personae projections remove users 4711"))
@store_command
@one_event
@of_instance
@as_json
async def remove(
    settings: Settings, *, name: str, position: int, instance: str, as_json: bool
) -> None:
    """Forget an event that was put aside: the table does without it."""
    from personae.config.tools import instance_of
    from personae.projections.kit import poison

    (table,) = choose((name,))
    async with opened(settings) as (shelf, log):
        one = await instance_of(log, instance)
        done = await poison.remove(shelf, table, one, position)
    _say(done, "removed", name, position, as_json=as_json)


def _say(done: bool, what: str, name: str, position: int, *, as_json: bool) -> None:  # noqa: FBT001 — the answer itself
    from personae.config.commands.printing import print_json

    if not done:
        raise click.ClickException(f"{name} has put no event {position} aside")
    if as_json:
        print_json({what: {"table": name, "position": position}})
    else:
        click.echo(f"{what}: event {position} of {name}")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Shelf, PostgresLog]]:
    """Yield the live tables and the log they are made from."""
    from personae.actors import domain
    from personae.config.tools import store
    from personae.projections.kit.shelf import Shelf
    from personae.store.postgres import PostgresLog

    domain.load()
    async with store(settings) as database:
        yield Shelf(database), PostgresLog(database)


def tables() -> list[Table]:
    """Return every table of this release."""
    from personae import projections as read_models
    from personae.projections.kit.registry import tables_in

    return tables_in(read_models)


def choose(names: tuple[str, ...]) -> list[Table]:
    """Return the named tables, all without a name."""
    known = {table.name: table for table in tables()}
    for name in names:
        if name not in known:
            raise click.ClickException(f"there is no table {name}: {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())
