"""The playground: flows of OpenID Connect tried in a browser, each step shown (``/ui/playground``).

The page is a client like any other. It speaks to the provider's endpoints over HTTP, through this
process' own port, and sees nothing that a client would not. Off unless the settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web
from personae.http.login import playground_cookie as cookie
from personae.http.login.forms import Form, read_form
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit
from personae.http.playground.client import METHODS, Client
from personae.http.playground.flows import Flows, Pending
from personae.http.playground.talk import Talk, WentWrongError
from personae.http.playground.telling import Telling

PATH = cookie.PATH
CALLBACK = f"{PATH}/callback"
SCOPE = "openid profile email offline_access"
LONGEST = 4096
KEPT = ("secret", "subject", "device_code")
"""What is kept sealed between two pages, and never shown again."""


@dataclass(frozen=True, slots=True)
class OwnPort:
    """Where this process reaches its own port."""

    url: Callable[[], str]


OWN_PORT: web.AppKey[OwnPort] = web.AppKey("own port", OwnPort)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was filled in; ``subject`` and ``actor`` are access tokens."""

    flow: str = "code"
    client_id: str = ""
    secret: str = ""
    method: str = "auto"
    scope: str = SCOPE
    audience: str = ""
    subject: str = ""
    actor: str = ""
    device_code: str = ""

    @classmethod
    def of(cls, form: Form) -> Asked:
        """Read the form; what is left empty is what the page before remembered."""
        names = [each.name for each in fields(cls) if each.name != "device_code"]
        typed = {name: form[name].strip()[:LONGEST] for name in names if form[name].strip()}
        kept = {name: form.memory[name] for name in KEPT if form.memory.get(name)}
        return cls(**{**kept, **typed, "scope": form["scope"].strip()[:LONGEST]})

    @property
    def client(self) -> Client:
        """The client that this describes."""
        return Client.of(self.client_id, self.secret, self.method)


async def show(visit: Visit) -> web.Response:
    """Ask which flow to run, as which client."""
    return _page(visit, Asked(), None)


async def take(visit: Visit) -> web.Response:
    """Run a flow, as far as it goes without the person."""
    asked = Asked.of(await read_form(visit, "playground"))
    if not asked.client_id or asked.method not in METHODS[:-1] or asked.flow not in FLOWS:
        return _page(visit, replace(asked, flow="code"), None, Problem("client_id", "playground"))
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        flows = _flows(visit, asked, http)
        try:
            if asked.flow == "code":
                return await _begin_code(visit, asked, flows)
            asked = await RUNS[asked.flow](flows, asked)
        except WentWrongError:
            pass  # the last step says why
        return _page(visit, asked, flows)


async def returned(visit: Visit) -> web.Response:
    """Go on when the browser comes back from signing in."""
    kept = cookie.read(visit)
    if kept is None:
        return _page(visit, Asked(), None, Problem("client_id", "playground_lost"))
    asked, pending = Asked(**kept["asked"]), Pending(**kept["pending"])
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        flows = _flows(visit, asked, http)
        try:
            tokens = await flows.end_code(pending, dict(visit.request.query))
            asked = await _looked(flows, asked, tokens)
        except WentWrongError:
            pass  # the last step says why
        response = _page(visit, asked, flows)
    cookie.forget(visit, response)
    return response


def _flows(visit: Visit, asked: Asked, http: ClientSession) -> Flows:
    return Flows(Talk(http, _issuer(visit), visit.request.app[OWN_PORT].url()), asked.client)


def _issuer(visit: Visit) -> str:
    return visit.services.origins.of(visit.request.get("host") or visit.request.host)


async def _begin_code(visit: Visit, asked: Asked, flows: Flows) -> web.Response:
    pending = Pending.new(_issuer(visit) + CALLBACK)
    response = visit.redirect(await flows.begin_code(asked.scope, pending))
    cookie.write(visit, response, {"asked": asdict(asked), "pending": asdict(pending)})
    return response


async def _looked(flows: Flows, asked: Asked, tokens: dict[str, Any]) -> Asked:
    """Ask about new tokens; the access token is kept to be exchanged."""
    await flows.look(tokens, introspect=asked.flow != "credentials")
    return replace(asked, subject=tokens["access_token"], device_code="")


async def _device(flows: Flows, asked: Asked) -> Asked:
    if asked.device_code:
        return await _looked(flows, asked, await flows.poll_device(asked.device_code))
    begun = await flows.begin_device(asked.scope)
    return replace(asked, device_code=begun["device_code"])


async def _credentials(flows: Flows, asked: Asked) -> Asked:
    return await _looked(flows, asked, await flows.credentials(asked.scope))


async def _exchange(flows: Flows, asked: Asked) -> Asked:
    found = await flows.exchange(asked.subject, asked.scope, asked.audience, asked.actor)
    return await _looked(flows, asked, found)


RUNS: dict[str, Callable[[Flows, Asked], Awaitable[Asked]]] = {
    "device": _device,
    "credentials": _credentials,
    "exchange": _exchange,
}
FLOWS = ("code", *RUNS)


def _page(visit: Visit, asked: Asked, flows: Flows | None, *problems: Problem) -> web.Response:
    texts = visit.services.texts.tree(visit.language, "playground")
    telling = Telling(texts)
    memory = {name: getattr(asked, name) for name in KEPT if getattr(asked, name)}
    return visit.page(
        "playground",
        problems=problems,
        p=texts["page"],
        asked=replace(asked, secret="", subject="", actor=""),
        memory=memory,
        flows=FLOWS,
        methods=METHODS[:-1],
        callback=_issuer(visit) + CALLBACK,
        begun=_begun(flows),
        steps=[telling.of(step) for step in flows.talk.steps] if flows else [],
    )


def _begun(flows: Flows | None) -> dict[str, Any]:
    """Return what a device shows, when that was asked for last."""
    last = flows.talk.steps[-1] if flows and flows.talk.steps else None
    return dict(last.received) if last and "user_code" in last.received else {}
