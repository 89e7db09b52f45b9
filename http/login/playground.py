"""The playground: flows of OpenID Connect tried in a browser, each step shown (``/ui/playground``).

The page is a client like any other. It speaks to the provider's endpoints over HTTP, through this
process' own port and to nobody else, and sees nothing that a client would not. Off unless the
settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
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
WITHOUT_KEY = METHODS[:-1]
"""How clients prove themselves here: with what is typed in, which no key is."""
LONGEST = {"subject": 4096, "actor": 4096, "scope": 1024}
LONGEST_ELSE = 256
CLIENT = ("client_id", "secret", "method", "scope")
AGAIN = ("client_id", "secret", "subject")
"""What the form keeps sealed for the next run."""
WAITS = ("flow", *CLIENT, "device_code", "user_code")
"""What is kept sealed while a person signs in, in this browser or at a device's page."""


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
    user_code: str = ""

    @classmethod
    def of(cls, form: Form) -> Asked:
        """Read the form; what is left empty is what the page before remembered."""
        typed = {name: text for name in TYPED if (text := _text(form, name))}
        if "scope" in form.fields:
            typed["scope"] = _text(form, "scope")  # none at all is a choice, too
        kept = dict(form.memory)
        if typed.get("client_id", kept.get("client_id")) != kept.get("client_id"):
            kept.pop("secret", None)  # it is no other client's
        return cls(**{**kept, **typed})

    @property
    def client(self) -> Client:
        """The client that this describes."""
        return Client.of(self.client_id, self.secret, self.method)

    def kept(self, names: Collection[str]) -> dict[str, str]:
        """Return what some fields say, where they say something."""
        return {name: value for name, value in asdict(self).items() if value and name in names}


TYPED = [each.name for each in fields(Asked) if each.name not in {"device_code", "user_code"}]


def _limit(name: str) -> int:
    return LONGEST.get(name, LONGEST_ELSE)


def _text(form: Form, name: str) -> str:
    return form[name].strip()[: _limit(name)]


async def show(visit: Visit) -> web.Response:
    """Ask which flow to run, as which client."""
    return _page(visit, Asked(), None)


async def take(visit: Visit) -> web.Response:
    """Run a flow, as far as it goes without the person."""
    asked = Asked.of(await read_form(visit, "playground"))
    if not asked.client_id or asked.method not in WITHOUT_KEY or asked.flow not in FLOWS:
        return _page(visit, replace(asked, flow="code"), None, Problem("client_id", "playground"))
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        flows = _flows(visit, asked, http)
        try:
            if asked.flow == "code":
                return await _begin_code(visit, asked, flows)
            asked = await RUNS[asked.flow](flows, asked)
        except WentWrongError:
            if not flows.waiting:  # the last step says why
                asked = replace(asked, device_code="")
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
            await flows.begin_code(asked.scope, pending)  # the same once more, to be shown
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
    cookie.write(visit, response, {"asked": asked.kept(WAITS), "pending": asdict(pending)})
    return response


async def _looked(flows: Flows, asked: Asked, tokens: dict[str, Any]) -> Asked:
    """Ask about new tokens; the access token is kept to be exchanged, if it is not too long."""
    await flows.look(tokens, introspect=asked.flow != "credentials")
    token = str(tokens["access_token"])
    fits = len(token) <= _limit("subject")
    return replace(asked, subject=token if fits else "", device_code="")


async def _device(flows: Flows, asked: Asked) -> Asked:
    if asked.device_code:
        return await _looked(flows, asked, await flows.poll_device(asked.device_code))
    begun = await flows.begin_device(asked.scope)
    return replace(asked, device_code=begun["device_code"], user_code=begun["user_code"])


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
    return visit.page(
        "playground",
        problems=problems,
        p=texts["page"],
        asked=replace(asked, secret="", subject="", actor="", device_code=""),
        memory=asked.kept(AGAIN),
        waiting=asked.kept(WAITS) if asked.device_code else {},
        limit=_limit,
        flows=FLOWS,
        methods=WITHOUT_KEY,
        callback=_issuer(visit) + CALLBACK,
        steps=[telling.of(step) for step in flows.talk.steps] if flows else [],
    )
