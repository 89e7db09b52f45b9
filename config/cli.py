"""``personae``: the command line.

Imports are local to the commands, so that ``personae version`` and shell completion answer fast.
"""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import click
from personae.config.commands.admin import admin
from personae.config.commands.backup import backup, restore
from personae.config.commands.events import events
from personae.config.commands.oidc import oidc
from personae.config.commands.options import as_json, example, read, run, settings_options
from personae.config.commands.projections import projections
from personae.config.commands.state import state
from personae.config.version import VERSION


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("personae start", "personae start --port 9000 --config personae.yaml"),
)
@click.version_option(VERSION, message="%(version)s")
def main() -> None:
    """Identity and access management: one command, its own database inside.

    Every setting can be given by a file (--config), by the environment (PERSONAE_…) and, for the
    most used ones, by an option. See docs/configuration.md, or `personae config show`.
    """


@main.command(epilog=example("personae start --port 9000 --data /var/lib/personae"))
@settings_options
def start(files: tuple[Path, ...], **flags: Any) -> None:
    """Start the server; on an empty data folder, set it up first."""
    gc.disable()  # nothing of what a start makes is garbage; it is tamed when the port is open
    loaded = read(files, flags)
    from personae.config import logs

    logs.configure(loaded.settings.logging)
    from personae.config import serving

    run(serving.serve(loaded.settings))


@main.command(epilog=example("personae setup --database postgresql://personae@db/personae"))
@settings_options
def setup(files: tuple[Path, ...], **flags: Any) -> None:
    """Prepare the database and create the first instance, without serving."""
    loaded = read(files, flags)
    from personae.config import logs

    logs.configure(loaded.settings.logging)
    from personae.config import serving

    run(serving.setup(loaded.settings))


@main.command(epilog=example("personae ready --port 9000 && echo up"))
@settings_options
@as_json
def ready(files: tuple[Path, ...], *, as_json: bool, **flags: Any) -> None:
    """Ask the local server whether it is ready; exit 0 if so, else 1 and why, within 2 s."""
    from personae.config.probe import probe

    settings = read(files, flags).settings
    answer = probe(settings.port, tls=settings.server.tls_certificate is not None)
    if as_json:
        click.echo(json.dumps({"ready": answer.ready, "detail": answer.detail}))
    elif answer.ready:
        click.echo("ready")
    else:
        click.echo(f"not ready: {answer.detail}", err=True)
    raise SystemExit(0 if answer.ready else 1)


@main.command(epilog=example("personae version --json"))
@as_json
def version(*, as_json: bool) -> None:
    """Print the version."""
    click.echo(json.dumps({"version": VERSION}) if as_json else VERSION)


@main.group(epilog=example("personae config show", "personae config validate --config my.yaml"))
def config() -> None:
    """Look at the settings and check them."""


@config.command(epilog=example("PERSONAE_PORT=9000 personae config show --changed"))
@settings_options
@click.option("--changed", is_flag=True, help="Only what differs from the defaults.")
@as_json
def show(files: tuple[Path, ...], *, changed: bool, as_json: bool, **flags: Any) -> None:
    """Print every setting with its value and where that comes from; secrets are masked."""
    from personae.config.origins import shown

    rows = [
        row
        for row in shown(read(files, flags))
        if not (changed and row.origin.startswith("default"))
    ]
    if as_json:
        values = {row.key: {"value": row.value, "origin": row.origin} for row in rows}
        click.echo(json.dumps(values, indent=2))
        return
    for row in rows:
        setting = f"{row.key}: {json.dumps(row.value, ensure_ascii=False)}"
        click.echo(f"{setting:<64}  {click.style('# ' + row.origin, dim=True)}")


@config.command(epilog=example("personae config validate --config personae.yaml"))
@settings_options
@as_json
def validate(files: tuple[Path, ...], *, as_json: bool, **flags: Any) -> None:
    """Check the settings: exit 0 if they are usable, else 1 and every problem, one per line."""
    from dataclasses import asdict

    from personae.config.load import load
    from personae.config.sources import Problem, SettingsError

    problems: tuple[Problem, ...] = ()
    try:
        load(files, flags=flags)
    except SettingsError as error:
        problems = error.problems
    if as_json:
        click.echo(json.dumps({"problems": [asdict(problem) for problem in problems]}, indent=2))
    elif not problems:
        click.echo("The settings are valid.")
    for problem in () if as_json else problems:
        click.echo(str(problem), err=True)
    raise SystemExit(1 if problems else 0)


for more in (projections, events, backup, restore, state, admin, oidc):
    main.add_command(more)

if __name__ == "__main__":
    main()
