"""What the commands share: options, examples, one clear line for what the operator can mend."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from personae.config.errors import explained

if TYPE_CHECKING:
    from personae.config.load import Loaded

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

STORE = (
    click.option("--config", "files", type=FILE, multiple=True, envvar="PERSONAE_CONFIG",
                 help="A YAML file with settings; repeatable, later files win."),
    click.option("--data", type=FOLDER, help="The folder for database and master key."),
    click.option("--database", help="postgresql://… to use instead of the embedded one."),
    click.option("--masterkey", help="The master key. Other users see it in the process list."),
    click.option("--masterkey-file", type=click.Path(allow_dash=True, path_type=Path),
                 help="A file with the master key; - reads standard input."),
)  # fmt: skip
SERVER = (
    click.option("--port", type=int, help="The port to listen on."),
    click.option("--workers", type=int, help="How many processes share the port."),
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
of_instance = click.option(
    "--instance", default="", help="The instance's id; needed where there are several."
)


def example(*lines: str) -> str:
    """The end of a command's help: lines to copy."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def settings_options(command: F) -> F:
    """The options of every command that reads the settings of a server."""
    for option in reversed((*STORE, *SERVER)):
        command = option(command)
    return command


def store_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the settings it needs to use the store; it gets them as first argument."""

    @functools.wraps(command)
    def invoke(files: tuple[Path, ...], **given: Any) -> None:
        flags = {name: given.pop(name) for name in _STORE_NAMES}
        settings = read(files, flags).settings
        from personae.config import logs

        logs.configure(settings.logging)
        run(command(settings, **given))

    for option in reversed(STORE):
        invoke = option(invoke)
    return invoke


_STORE_NAMES = ("data", "database", "masterkey", "masterkey_file")


@contextmanager
def one_line() -> Iterator[None]:
    """Turn what the operator can mend into a clear line and an exit code, without a traceback."""
    try:
        yield
    except BrokenPipeError:
        raise
    except Exception as error:
        line = None if isinstance(error, click.ClickException) else explained(error)
        if line is None:
            raise
        raise click.ClickException(line) from error


def read(files: tuple[Path, ...], flags: dict[str, Any]) -> Loaded:
    """Read the settings, or end with the line that says what is wrong with them."""
    from personae.config.load import load

    with one_line():
        return load(files, flags=flags)


def run(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine on uvloop until it ends; Ctrl-C is a normal end."""
    import uvloop

    try:
        with one_line():
            uvloop.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
