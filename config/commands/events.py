"""``personae events``: look at the log, take it elsewhere, bring it in."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
import orjson
from personae.config.commands.options import as_json, example, of_instance, store_command

if TYPE_CHECKING:
    from personae.config.settings import Settings
    from personae.store.pool import Database
    from personae.store.transfer import Moved

LOOK_SECONDS = 0.5
LONGEST = 64 * 1024 * 1024
"""Bytes of a line that an import reads."""
FILE_OR_PIPE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.group(epilog=example("personae events tail --follow", "personae events export log.jsonl"))
def events() -> None:
    """Look at the log of events, export it, import it."""


@events.command(epilog=example("personae events tail -n 20 --type 'user.*' --follow"))
@store_command
@of_instance
@click.option("--type", "types", multiple=True, help="Only these types; * stands for any text.")
@click.option("-n", "--lines", default=10, type=click.IntRange(0, 5000), help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@as_json
async def tail(
    settings: Settings,
    *,
    instance: str,
    types: tuple[str, ...],
    lines: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the last events, with secrets masked; --json prints one object a line."""
    from personae.config.tools import instance_of, store
    from personae.store import ledger
    from personae.store.postgres import PostgresLog

    async with store(settings) as database:
        one = await instance_of(PostgresLog(database), instance)
        head = await PostgresLog(database).head(one)
        for line in await ledger.last(database, one, head, types, lines):
            _print(line, as_json=as_json)
        while follow:
            head = await _print_new(database, one, head, types, as_json=as_json)
            await asyncio.sleep(LOOK_SECONDS)


async def _print_new(
    database: Database, one: str, seen: int, types: tuple[str, ...], *, as_json: bool
) -> int:
    from personae.store import ledger

    head: int = (await ledger.heads(database)).get(one, seen)
    async for page in ledger.lines(database, one, seen, head, types):
        for line in page:
            _print(line, as_json=as_json)
    return max(seen, head)


def _print(line: str, *, as_json: bool) -> None:
    from personae.config.commands.printing import masked, print_line

    event: dict[str, Any] = orjson.loads(line)
    event["payload"] = masked(event["payload"])
    if as_json:
        print_line(event)
        return
    payload = orjson.dumps(event["payload"]).decode()
    click.echo(
        f"{event['position']:>8}  {event['created_at']}  {event['event_type']}"
        f"  {event['aggregate_type']} {event['aggregate_id']} #{event['sequence']}"
        f"  by {event['creator'] or '-'}  {payload}"
    )


@events.command(
    epilog=example(
        "personae events export log.jsonl",
        "personae events export --from 120000 - | zstd > rest.zst",
    )
)
@store_command
@of_instance
@click.option("--from", "after", default=0, type=click.IntRange(0), metavar="POSITION",
              help="Begin behind this position.")  # fmt: skip
@click.argument("file", type=FILE_OR_PIPE)
@as_json
async def export(
    settings: Settings, *, instance: str, after: int, file: Path, as_json: bool
) -> None:
    """Write the log to FILE (- is standard output), one event a line.

    The file holds everything that is in the events, hashes of passwords too; sealed secrets stay
    sealed by the master key, which is not in it. How it is made up: docs/operations.md.
    """
    from personae.config.commands.progress import Shown
    from personae.config.tools import store
    from personae.store.transfer import export

    with _written(file) as out, Shown() as shown:
        async with store(settings) as database:
            moved = await export(
                database, out.write, instance_id=instance, after=after, begun=shown.begun("export")
            )
    _report("exported", moved, err=str(file) == "-", as_json=as_json)


@events.command("import", epilog=example("personae events import log.jsonl --data /var/lib/new"))
@store_command
@click.argument("file", type=FILE_OR_PIPE)
@as_json
async def import_(settings: Settings, *, file: Path, as_json: bool) -> None:
    """Bring an export into an empty store, or one that has the beginning of it.

    Ids, positions and times stay. Gaps, altered events and another history are refused. Stop the
    servers of this store first. Killed, it goes on where it was when it is started again.
    """
    from personae.config.commands.progress import Shown
    from personae.config.tools import master, store
    from personae.store.arrival import load

    key = master(settings)
    with _read(file) as given, Shown() as shown:
        async with store(settings, new=True) as database:
            moved = await load(database, given, key, begun=shown.begun("import"))
    _report("imported", moved, err=False, as_json=as_json)


@events.command(epilog=example("personae events checksum --json"))
@store_command
@as_json
async def checksum(settings: Settings, *, as_json: bool) -> None:
    """Count all events and sum them up: equal histories have an equal checksum, anywhere."""
    from personae.config.commands.printing import print_json
    from personae.config.commands.progress import Shown
    from personae.config.tools import store
    from personae.store import ledger

    with Shown() as shown:
        async with store(settings) as database:
            total = sum((await ledger.heads(database)).values())
            found = await ledger.totals(database, shown.begun("checksum")(total))
    if as_json:
        print_json(asdict(found))
    else:
        click.echo(f"{found.events:,} events of {found.instances} instances: {found.checksum}")


def _report(what: str, moved: Moved, *, err: bool, as_json: bool) -> None:
    instances = {
        one: {"after": part.after, "upto": part.upto, "checksum": moved.checksums[one]}
        for one, part in moved.ranges.items()
    }
    if as_json:
        summary = {what: instances, "claims": moved.claims, "written": moved.written}
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2), err=err)
        return
    for one, part in instances.items():
        span = f"{part['after']:,} to {part['upto']:,}"
        click.echo(f"{what}: instance {one}, {span}, checksum {part['checksum']}", err=err)


@contextmanager
def _written(file: Path) -> Iterator[IO[bytes]]:
    """Yield the file to write to, for its owner's eyes only; it must not exist."""
    if str(file) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _read(file: Path) -> Iterator[Iterator[bytes]]:
    opened: Any = nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
    with opened as source:
        yield _lines(source)


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines; one that is too long ends the file, as one that was cut off does."""
    while line := source.readline(LONGEST):
        yield line
