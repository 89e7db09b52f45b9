"""``personae oidc debug``: a flow against a running server, each step shown with its reasons."""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from personae.config.commands.options import as_json, example, run

if TYPE_CHECKING:
    from personae.http.playground.flows import Flows, Pending
    from personae.http.playground.talk import Step

FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
MOST = 64 * 1024
SECONDS = 300
METHODS = click.Choice(
    ["auto", "none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
)

CLIENT = (
    click.option("--issuer", default="http://localhost:8080", show_default=True,
                 help="The address of the instance."),
    click.option("--client-id", default="", help="The client; a key file may say it instead."),
    click.option("--secret-file", type=FILE, help="The client's secret, in a file; - reads stdin."),
    click.option("--key-file", type=FILE, help="The client's key, a JSON file (private_key_jwt)."),
    click.option("--auth", type=METHODS, default="auto", show_default=True,
                 help="How the client authenticates; auto: by what it has."),
)  # fmt: skip
SCOPE = "openid profile email offline_access"

Flow = Callable[..., Awaitable[None]]


@click.group(epilog=example("personae oidc debug code --client-id 1234"))
def oidc() -> None:
    """Look at OpenID Connect and OAuth as a client sees them."""


@oidc.group(epilog=example("personae oidc debug device --client-id 1234 --scope openid"))
def debug() -> None:
    """Run a flow: each request, answer and decoded token, with the reason for each claim.

    Secrets are masked.
    """


def flow(command: Flow) -> Callable[..., Any]:
    """Give a flow its client; print what it did, and end with 1 when a step failed."""

    @functools.wraps(command)
    def invoke(*, as_json: bool, **given: Any) -> None:
        run(_run(command, given, as_json=as_json))

    for option in reversed((*CLIENT, as_json)):
        invoke = option(invoke)
    return invoke


@debug.command(epilog=example("personae oidc debug code --client-id 1234 --callback-port 8400"))
@flow
@click.option("--scope", default=SCOPE, show_default=True)
@click.option("--callback-port", default=0, help="The port of http://127.0.0.1:PORT/callback, to "
              "be registered; native applications may have any.")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
async def code(flows: Flows, **given: Any) -> None:
    """Sign somebody in with a browser: authorization code with PKCE, over a loopback address."""
    await flows.look(await _signed_in(flows, **given))


async def _signed_in(
    flows: Flows, *, scope: str, callback_port: int, no_browser: bool
) -> dict[str, Any]:
    from personae.config.loopback import Loopback
    from personae.http.playground.flows import Pending

    async with Loopback(callback_port) as loopback:
        pending: Pending = Pending.new(loopback.uri)
        _open(await flows.begin_code(scope, pending), browser=not no_browser)
        return await flows.end_code(pending, await loopback.answer(SECONDS))


@debug.command(epilog=example("personae oidc debug device --client-id 1234"))
@flow
@click.option("--scope", default=SCOPE, show_default=True)
async def device(flows: Flows, *, scope: str) -> None:
    """Sign in like a television: show a code, and wait until somebody has typed it."""
    import asyncio

    from personae.http.playground.talk import WentWrongError

    begun = await flows.begin_device(scope)
    click.echo(f"Open {begun['verification_uri']} and type {begun['user_code']}", err=True)
    wait = float(begun.get("interval", 5))
    while True:
        await asyncio.sleep(wait)
        try:
            found = await flows.poll_device(begun["device_code"])
        except WentWrongError:
            if not flows.waiting:
                raise
            wait += 5 if flows.talk.steps[-1].received["error"] == "slow_down" else 0
        else:
            await flows.look(found)
            return


@debug.command(epilog=example("personae oidc debug credentials --client-id bot --secret-file -"))
@flow
@click.option("--scope", default="openid profile", show_default=True)
async def credentials(flows: Flows, *, scope: str) -> None:
    """Get tokens for a machine user by its secret."""
    await flows.look(await flows.credentials(scope), introspect=False)


@debug.command(
    epilog=example("personae oidc debug exchange --client-id 1 --secret-file s --scope openid")
)
@flow
@click.option(
    "--scope", default="openid", show_default=True, help="What the new token shall allow."
)
@click.option("--audience", default="", help="Whom the new token shall be for.")
@click.option("--subject-token-file", type=FILE, help="The access token to exchange; without it "
              "somebody signs in first, as with code.")  # fmt: skip
@click.option("--actor-token-file", type=FILE, help="The access token of who acts for the subject.")
@click.option("--callback-port", default=0, help="As with code.")
@click.option("--no-browser", is_flag=True, help="As with code.")
async def exchange(
    flows: Flows,
    *,
    scope: str,
    audience: str,
    subject_token_file: Path | None,
    actor_token_file: Path | None,
    **browser: Any,
) -> None:
    """Exchange an access token for another one (RFC 8693), for oneself or for an actor."""
    subject = _content(subject_token_file)
    if not subject:
        subject = (await _signed_in(flows, scope=SCOPE, **browser))["access_token"]
    await flows.look(await flows.exchange(subject, scope, audience, _content(actor_token_file)))


async def _run(command: Flow, given: dict[str, Any], *, as_json: bool) -> None:
    from aiohttp import ClientSession
    from personae.http.playground.client import Client
    from personae.http.playground.flows import Flows
    from personae.http.playground.talk import Talk, WentWrongError

    try:
        client = Client.of(
            given.pop("client_id"),
            _content(given.pop("secret_file")),
            given.pop("auth"),
            _content(given.pop("key_file")),
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    if not client.client_id:
        raise click.UsageError("name the client: --client-id, or a key file that has it")
    async with ClientSession() as http:
        talk, failed = Talk(http, given.pop("issuer").rstrip("/")), False
        try:
            await command(Flows(talk, client), **given)
        except WentWrongError:
            failed = True
        _print(talk.steps, as_json=as_json)
    if failed:
        raise SystemExit(1)


def _content(path: Path | None) -> str:
    if path is None:
        return ""
    text = sys.stdin.read(MOST) if str(path) == "-" else path.read_text(encoding="utf-8")[:MOST]
    return text.strip()


def _open(url: str, *, browser: bool) -> None:
    import webbrowser

    if not browser or not webbrowser.open(url):
        click.echo(f"Open this address in a browser:\n{url}", err=True)


def _print(steps: list[Step], *, as_json: bool) -> None:
    from personae.config.commands.printing import print_json
    from personae.config.texts import Texts
    from personae.http.playground.telling import Telling

    told = [Telling(Texts.load().tree("en", "playground")).of(step) for step in steps]
    if as_json:
        print_json(told)
        return
    for number, step in enumerate(told, 1):
        _print_step(number, step)


def _print_step(number: int, step: dict[str, Any]) -> None:
    click.secho(f"\n{number}. {step['title']}", bold=True)
    click.echo(f"   {step['method']} {step['url']}")
    for arrow, values in (("→", step["sent"]), ("←", step["received"])):
        for name, value in values.items():
            click.echo(f"   {arrow} {name}: {value}")
    if step["status"]:
        times = f", {step['times']} times in a row" if step["times"] > 1 else ""
        click.echo(f"   ← {step['status']}{times}")
    for token in step["tokens"]:
        click.secho(f"   {token['title']} {token['about']}", fg="cyan")
        for claim in token["claims"]:
            click.echo(f"     {claim['name']}: {claim['value']}")
            click.secho(f"       {claim['why']}", dim=True)
