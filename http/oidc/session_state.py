"""Whether the browser's sign-in is still what it was (OpenID Connect Session Management 1.0).

Off unless ``oidc.session_management`` says so: it needs a cookie that scripts of our own page can
read in a frame of another site. That cookie is a random value which is new whenever the sessions of
the browser change; it names nobody, and nothing is granted for it. A client's page is told
``changed`` or ``unchanged`` and no more.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from aiohttp import web
from personae.actors.domain.project.redirects import origin
from personae.http.identity import base64url
from personae.http.identity.agent import state_cookie_name
from personae.http.oidc.call import Call
from personae.http.oidc.form import Form

_SCRIPT = """
addEventListener("message", async (event) => {
  const [client, state, ...more] = String(event.data).split(" ");
  let answer = "error";
  if (client && state && !more.length && state.includes(".")) {
    const salt = state.split(".").pop();
    const held = document.cookie.split("; ").find((each) => each.startsWith("{name}="));
    const browser = held ? held.slice("{name}=".length) : "";
    const told = new TextEncoder().encode([client, event.origin, browser, salt].join(" "));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", told));
    const text = btoa(String.fromCharCode(...digest));
    const hash = text.replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
    answer = hash + "." + salt === state ? "unchanged" : "changed";
  }
  event.source.postMessage(answer, event.origin);
});
"""
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Session</title>'
    "<script>{}</script></html>"
)
CACHE = "public, max-age=300"


async def check_session(request: web.Request) -> web.Response:
    """Return the page that clients load in a frame and ask (section 3.2). 404 when it is off."""
    call = await Call.of(request, Form({}))
    if not call.services.session_state:
        raise web.HTTPNotFound
    script = _SCRIPT.replace("{name}", state_cookie_name(call.services))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; script-src 'sha256-{digest}'; base-uri 'none'"
    return web.Response(
        text=_PAGE.format(script),
        content_type="text/html",
        headers={"Cache-Control": CACHE, "Content-Security-Policy": policy},
    )


def session_state(call: Call, client_id: str, redirect_uri: str) -> dict[str, str]:
    """Return the parameter ``session_state`` of an answer (section 3), where it means something.

    An application without an origin has no page that could ask.
    """
    where = origin(redirect_uri)
    if not (call.services.session_state and where):
        return {}
    browser = call.request.cookies.get(state_cookie_name(call.services), "")
    salt = secrets.token_urlsafe(12)
    told = f"{client_id} {where} {browser} {salt}"
    digest = hashlib.sha256(told.encode("utf-8", "replace")).digest()
    return {"session_state": f"{base64url.encode(digest).decode()}.{salt}"}
