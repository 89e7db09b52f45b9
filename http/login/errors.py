"""Pages for when something is wrong: refused, not there, unknown host."""

from __future__ import annotations

import secrets
from functools import partial

from aiohttp import web
from personae.actors.domain.auth_request.refusals import NO_GRANT, WRONG_ORG
from personae.actors.domain.instance.refusals import NOT_FOUND as UNKNOWN_HOST
from personae.actors.domain.kit import Refusal
from personae.actors.domain.policies import LabelPolicy
from personae.http.identity.services import Services
from personae.http.login.branding import brand_of
from personae.http.login.pages import pages
from personae.http.login.refusals import FORM_FOREIGN
from personae.http.login.visit import Visit, language_of
from personae.http.server.faults import Faults

KINDS = {403: "forbidden", 404: "missing", 405: "missing", 429: "busy", 503: "busy"}
NEXT = {FORM_FOREIGN: "again", WRONG_ORG: "other", NO_GRANT: "other"}
"""What to offer after a refusal: the same page anew, another account; else the beginning."""


def refused(visit: Visit, refusal: Refusal) -> web.Response:
    """Return the page of a refusal, in the instance's own colours."""
    status = refusal.code.http
    return visit.page(
        "error",
        status=status,
        kind=KINDS.get(status, "other"),
        sentence=visit.services.sentence(refusal, visit.language),
        reason=refusal.id,
        host="",
        number=visit.request.get("request_id", ""),
        offer=NEXT.get(refusal.reason, "begin"),
    )


def faults(services: Services) -> Faults:
    """Return how the port answers what no door answered: a page for people, JSON for programs."""

    def translate(refusal: Refusal, request: web.Request) -> str:
        return services.sentence(refusal, language_of(request, services))

    return Faults(partial(error_page, services), translate)


def error_page(
    services: Services, request: web.Request, status: int, reason: str, sentence: str
) -> str:
    """Return the page of a fault.

    It may be that no instance is known, or nothing of the request but its headers: the colours
    are ours.
    """
    language = language_of(request, services)
    unknown = reason == UNKNOWN_HOST.id
    return pages().render(
        "error",
        t=services.texts.tree(language, "login"),
        language=language,
        languages=[],
        brand=brand_of(LabelPolicy()),
        site="Personae",
        watermark=False,
        links={},
        client="",
        errors=[],
        nonce=secrets.token_urlsafe(16),
        kind="host" if unknown else KINDS.get(status, "other"),
        sentence=sentence,
        reason=reason,
        host=request.get("host") or request.host if unknown else "",
        number=request.get("request_id", ""),
        offer="" if unknown else "begin",
    )
