"""What the operator reads when the server is ready: where everything is, and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

DOCS = "docs/operations.md"
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class BannerInfo:
    """What there is to tell.

    ``url`` has no slash at its end. ``admin_password`` is given at the first start only, and only
    when it was made up; ``admin_name`` is what the administrator types to sign in.
    """

    version: str
    url: str
    admin_name: str
    data: Path
    database: str = "embedded PostgreSQL"
    admin_password: str | None = None
    login_path: str = "/ui/login"
    openapi_path: str = "/openapi.json"
    metrics: bool = True


def banner(info: BannerInfo, out: TextIO | None = None) -> None:
    """Print it: framed in a terminal, plain lines elsewhere. Never goes through the logs."""
    out = out or sys.stdout
    lines = [*places(info), *sign_in(info)]
    title = f"Personae {info.version} is ready"
    if out.isatty():
        _framed(title, lines, out)
        return
    width = max(len(name) for name, _ in lines)
    print(title, *(f"  {name:<{width}}  {text}" for name, text in lines), sep="\n", file=out)
    out.flush()


def places(info: BannerInfo) -> Iterator[Line]:
    """Where everything is."""
    yield "Sign in at", info.url + info.login_path
    yield "Discovery", f"{info.url}/.well-known/openid-configuration"
    yield "OpenAPI", info.url + info.openapi_path
    if info.metrics:
        yield "Metrics", f"{info.url}/debug/metrics"
    yield "Database", info.database
    yield "Data", str(info.data)


def sign_in(info: BannerInfo) -> Iterator[Line]:
    """How to get in, and what to do next."""
    if info.admin_password is not None:
        yield "Sign in as", info.admin_name
        yield "Password", f"{info.admin_password}  (shown only this once; change it at first login)"
    else:
        yield "Sign in as", f"{info.admin_name}, with the password you chose"
    yield "Next", f"register an application: README.md; running it well: {DOCS}"


def _framed(title: str, lines: list[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, text in lines:
        table.add_row(Text(name, style="bold"), Text(text, overflow="fold"))
    Console(file=out).print(Panel(table, title=title, title_align="left", expand=False))
