"""``personae backup`` and ``personae restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from personae.config.commands.options import FILE, as_json, example, store_command
from personae.config.version import VERSION

if TYPE_CHECKING:
    from personae.config.settings import Settings


@click.command(epilog=example("personae backup /backups/$(date +%F).personae"))
@store_command
@click.argument("file", type=FILE)
@as_json
async def backup(settings: Settings, *, file: Path, as_json: bool) -> None:
    """Write the whole database to FILE, as it is at this moment; servers may go on.

    FILE is PostgreSQL's custom dump format. The master key is not in it: keep that apart.
    """
    from personae.config.commands.printing import print_json
    from personae.config.commands.progress import Shown
    from personae.config.tools import master, store
    from personae.store.backup import backup
    from personae.store.crypto import Keyring
    from personae.store.ledger import heads

    key = master(settings)
    with Shown() as shown:
        async with store(settings) as database:
            await Keyring.load(database, key)  # a backup whose key is lost is none: say so now
            # Every event is passed twice: summed up, and dumped.
            passed = shown.begun("backup")(2 * sum((await heads(database)).values()))
            label = await backup(database, file, master=key, release=VERSION, passed=passed)
    if as_json:
        print_json(asdict(label))
        return
    click.echo(f"{file}: {label.events:,} events, checksum {label.checksum}")
    click.echo(f"it belongs to the master key with the fingerprint {label.masterkey}")


@click.command(epilog=example("personae restore monday.personae --data /var/lib/new"))
@store_command
@click.argument("file", type=FILE)
@as_json
async def restore(settings: Settings, *, file: Path, as_json: bool) -> None:
    """Fill an empty store from a backup, all or nothing, and compare the events.

    The master key must be in its place before: the one that the backup belongs to.
    """
    from personae.config.commands.printing import print_json
    from personae.config.commands.progress import Shown
    from personae.config.tools import bare_store, master
    from personae.projections.kit.progress import Meter
    from personae.store.backup import restore

    key = master(settings)
    with Shown() as shown:
        meter = Meter("restore", shown.report)
        async with bare_store(settings) as database:
            label, found = await restore(database, file, master=key, fed=meter.at)
    if as_json:
        print_json({"backup": asdict(label), "restored": asdict(found)})
        return
    click.echo(f"backup:   {label.events:,} events, checksum {label.checksum}")
    click.echo(f"restored: {found.events:,} events, checksum {found.checksum}")
