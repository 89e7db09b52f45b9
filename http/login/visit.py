"""One request to a login page, with all that pages have in common."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from personae.actors.aggregates.facts.auth_request import ORG_SCOPE, ends
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.state import AuthRequest, Status
from personae.actors.domain.device_auth.user_code import plain
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.policies import Policies
from personae.http.identity.agent import Agent, agent_of, keep
from personae.http.identity.features import feature
from personae.http.identity.instances import domain_of
from personae.http.identity.services import SERVICES, Services
from personae.http.identity.translations import replaced
from personae.http.login import cookies
from personae.http.login.branding import brand_of
from personae.http.login.links import form_target, frame_source, web_link
from personae.http.login.pages import PREFIX, pages
from personae.http.login.problems import Problem
from personae.http.login.refusals import REQUEST_UNKNOWN
from personae.http.login.requests import OIDC, WAYS, Way, client_for, read
from personae.http.login.seal import seal

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Visit:
    """A browser at a login page.

    ``policies`` are those of the organisation that it is about (:func:`follow`).
    ``auth`` is the authorization request it came with, if any, by its ``way``; ``leads_to`` are
    addresses elsewhere that forms may end at, ``frames`` those that are loaded; ``browser`` is the
    random value that forms are bound to.
    Change ``agent`` by :meth:`hold` so that the browser learns of it.
    """

    request: web.Request
    services: Services
    instance_id: str
    instance: Instance
    agent: Agent
    language: str
    browser: str
    way: Way = OIDC
    auth_id: str = ""
    auth: AuthRequest | None = None
    client_name: str = ""
    user_code: str = ""
    leads_to: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    changed: bool = False
    texts: dict[str, Any] = field(default_factory=dict)
    policies: Policies = Policies()

    @property
    def asked(self) -> AuthRequestAdded | None:
        """What the client asked for."""
        return self.auth.asked if self.auth else None

    @property
    def org_id(self) -> str:
        """The organisation that the client asks for, if it asks for one."""
        return next(iter(ends(self.asked.scope, ORG_SCOPE)), "") if self.asked else ""

    @property
    def domain(self) -> str:
        """The domain that these pages are on; security keys belong to one."""
        return domain_of(self.request.get("host") or self.request.host)

    @property
    def embedders(self) -> tuple[str, ...]:
        """The origins whose pages may show these in a frame, by the instance's security policy."""
        security = self.instance.policies.security
        return security.allowed_origins if security.enable_iframe_embedding else ()

    @property
    def same_site(self) -> str:
        """How far cookies go: to frames on pages of other sites only where those may embed us.

        Browsers take such cookies over secure connections only (RFC 6265bis, 5.6.7.2).
        """
        return "None" if self.embedders and self.services.origins.secure else "Lax"

    @property
    def system(self) -> Caller:
        """The server itself: the pages check who may do what to which session."""
        return Caller.of_system(self.instance_id)

    def hold(self, agent: Agent) -> None:
        """Change what the browser holds."""
        self.agent, self.changed = agent, True

    def url(self, path: str, **query: str) -> str:
        """Return the address of a login page that keeps what the visit is for."""
        if self.auth_id:
            query[self.way.parameter] = self.auth_id
        if self.user_code:
            query["user_code"] = self.user_code
        return f"{PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")

    def sealed(self, purpose: str, value: Any) -> str:
        """Return a value sealed for this instance."""
        return seal(self.services, f"{purpose} {self.instance_id}", value)

    def token(self, page: str, **memory: str) -> str:
        """Return the hidden field of a form: bound to browser and page, with what it remembers."""
        return self.sealed(f"form {page}", [self.browser, memory])

    def redirect(self, location: str) -> web.Response:
        """Send the browser on with a GET."""
        return self._finish(web.Response(status=303, headers={"Location": location}))

    def page(
        self, name: str, /, *, problems: Sequence[Problem] = (), status: int = 0, **values: Any
    ) -> web.Response:
        """Return a page; with problems, its status is that of the first."""
        nonce = secrets.token_urlsafe(16)
        errors = [each.shown(self.texts["problems"]) for each in problems]
        html = pages().render(name, **self._frame(), nonce=nonce, errors=errors, **values)
        status = status or (problems[0].status if problems else 200)
        response = web.Response(text=html, status=status, content_type="text/html")
        if problems and problems[0].retry:
            response.headers["Retry-After"] = str(problems[0].retry)
        response.headers["Content-Security-Policy"] = self._policy(nonce)
        if not self.embedders:
            response.headers["X-Frame-Options"] = "DENY"  # for browsers without frame-ancestors
        return self._finish(response)

    def _frame(self) -> dict[str, Any]:
        label, privacy = self.policies.label, self.policies.privacy
        links = {
            "terms": web_link(privacy.tos_link, self.language),
            "privacy": web_link(privacy.privacy_link, self.language),
            "help": web_link(privacy.help_link, self.language),
        }
        return {
            "t": self.texts,
            "language": self.language,
            "languages": languages(self.services),
            "here": self.request.path_qs,
            "brand": brand_of(label),
            "site": self.instance.name or "Personae",
            "watermark": not label.disable_watermark,
            "links": {name: link for name, link in links.items() if link},
            "url": self.url,
            "token": self.token,
            "client": self.client_name,
        }

    def _policy(self, nonce: str) -> str:
        """Return the content security policy.

        Chromium holds the redirects that follow a form to ``form-action`` too, so the client's
        own origin is named.
        """
        default = self.policies.login.default_redirect_uri
        targets = ["'self'", *map(form_target, (*self.leads_to, default))]
        ancestors = " ".join(self.embedders) or "'none'"
        framed = " ".join(dict.fromkeys(map(frame_source, self.frames)))
        return (
            f"{f'frame-src {framed}; ' if framed else ''}"
            f"default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
            f"img-src 'self'; form-action {' '.join(filter(None, targets))}; "
            f"frame-ancestors {ancestors}; base-uri 'none'"
        )

    def _finish(self, response: web.Response) -> web.Response:
        response.headers["Cache-Control"] = "no-store"
        if self.changed:
            keep(response, self.agent, self.services, self.instance_id, self.same_site)
        if cookies.read(self.request, self.services, cookies.BROWSER) != self.browser:
            cookies.write(
                response, self.services, cookies.BROWSER, self.browser, same_site=self.same_site
            )
        return response


def languages(services: Services) -> list[tuple[str, str]]:
    """Return the languages there are, each with its own name for itself."""
    texts = services.texts
    return [(code, texts.tree(code, "login")["own_name"]) for code in texts.languages]


def language_of(
    request: web.Request, services: Services, first: str = "", wanted: Sequence[str] = ()
) -> str:
    """Return the language of a page.

    It is the one chosen, else wanted by the client, else by the browser, else ``first``.
    """
    known = services.texts.languages
    chosen = cookies.read(request, services, cookies.LANGUAGE)
    if chosen in known:
        return chosen
    if first in known:
        known = (first, *(each for each in known if each != first))
    header = ",".join((*wanted[:5], request.headers.get("Accept-Language", "")))
    return services.texts.negotiate(header, known)


async def visit_of(request: web.Request) -> Visit:
    """Return the visit of a request. Raises INSTANCE-NotFound, LOGIN-RequestUnknown."""
    services = request.app[SERVICES]
    instance_id = await services.instance_of(request.get("host") or request.host)
    await services.world.current(instance_id)  # the page before may have been another process'
    instance = await services.world.state(Stream(instance_id, "instance", instance_id))
    visit = Visit(
        request,
        services,
        instance_id,
        instance,
        agent_of(request, services, instance_id),
        language_of(
            request, services, instance.language, request.query.get("ui_locales", "").split()
        ),
        cookies.read(request, services, cookies.BROWSER) or secrets.token_urlsafe(16),
    )
    await follow(visit)
    return visit


async def with_request(visit: Visit) -> None:
    """Add the authorization request, or the device, that the address names, if it names one."""
    visit.user_code = plain(visit.request.query.get("user_code", "")) or ""
    visit.way = next((each for each in WAYS if visit.request.query.get(each.parameter)), OIDC)
    auth_id = visit.request.query.get(visit.way.parameter, "")
    if not auth_id:
        return
    services = visit.services
    if not _ID.fullmatch(auth_id):
        raise REQUEST_UNKNOWN()
    auth = await read(services.world, visit.way, visit.instance_id, auth_id)
    if auth.status is Status.UNKNOWN or auth.asked is None:
        raise REQUEST_UNKNOWN()
    visit.auth_id, visit.auth = auth_id, auth
    visit.leads_to = (auth.asked.redirect_uri,)
    visit.language = language_of(
        visit.request, services, visit.instance.language, auth.asked.ui_locales
    )
    name = auth.asked.client_id
    client = await client_for(services.world, visit.way, visit.instance_id, name)
    visit.client_name = client.app.name if client else ""
    await follow(visit)


async def follow(visit: Visit) -> None:
    """Give the visit the policies and texts of the organisation that it is about.

    That is the one asked for, else the default one, else none: the feature ``login_default_org``
    says so.
    """
    world, org_id = visit.services.world, visit.org_id
    if not org_id and await feature(world, visit.instance_id, "login_default_org"):
        org_id = visit.instance.default_org
    visit.policies = await policies_of(world, visit.instance_id, org_id)
    await speak(visit, org_id)


async def speak(visit: Visit, org_id: str) -> None:
    """Give the visit its texts: those shipped, replaced by the instance's and organisation's."""
    texts: Mapping[str, Any] = visit.services.texts.tree(visit.language, "login")
    texts = replaced(texts, visit.instance.translations.get(visit.language, {}))
    if org_id:
        org = await visit.services.world.state(Stream(visit.instance_id, "org", org_id))
        texts = replaced(texts, org.translations.get(visit.language, {}))
    visit.texts = dict(texts)
