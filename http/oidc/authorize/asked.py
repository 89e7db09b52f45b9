"""From checked parameters to what the log keeps of a request."""

from __future__ import annotations

import re

from personae.actors.domain.auth_request.events import AuthRequestAdded, CodeChallenge
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import GrantType
from personae.http.identity.dpop import PROOF_INVALID
from personae.http.oidc import paths, scopes
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import mode_of, of_tokens, type_of
from personae.http.oidc.call import Call
from personae.http.oidc.details import details_of
from personae.http.oidc.errors import HINT_REFUSED, PARAMETER_INVALID, server_side
from personae.http.oidc.hints import subject_of_hint
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.resources import names_of

NONE, LOGIN = 1, 2
PROMPTS = {"none": NONE, "login": LOGIN, "consent": 3, "select_account": 4, "create": 5}
LOGIN_CLIENT = "x-zitadel-login-client"
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
LANGUAGES_AT_MOST = ACRS_AT_MOST = 20


def granted(ask: Ask) -> tuple[str, ...]:
    """Return the scopes that the client gets."""
    offline = GrantType.REFRESH_TOKEN in ask.oidc.grant_types and not of_tokens(ask.form)
    return scopes.granted(ask.form.get("scope"), ask.client.project.roles, offline=offline)


async def asked(call: Call, ask: Ask) -> AuthRequestAdded:
    """Return what is kept; the login pages read prompt, age and hints from it."""
    form = ask.form
    scope = granted(ask)
    challenge = form.get("code_challenge")
    return AuthRequestAdded(
        client_id=ask.client.client_id,
        redirect_uri=ask.redirect_uri,
        login_client=call.request.headers.get(LOGIN_CLIENT, ""),
        state=form.get("state"),
        nonce=form.get("nonce"),
        scope=scope,
        audience=await scopes.audience(call, ask.client.audience, scope),
        response_type=type_of(form) or 0,
        response_mode=mode_of(form),
        code_challenge=CodeChallenge(challenge) if challenge else None,
        prompt=tuple(dict.fromkeys(PROMPTS[each] for each in ask.words("prompt"))),
        ui_locales=tuple(ask.words("ui_locales")[:LANGUAGES_AT_MOST]),
        max_age=_max_age(ask),
        login_hint=form.get("login_hint") or None,
        hint_user_id=await _hinted(call, ask),
        need_refresh_token=scopes.OFFLINE in scope,
        issuer=call.issuer,
        dpop_jkt=await _bound_to(call, ask),
        resources=await names_of(call, form),
        authorization_details=details_of(call, ask.client, form) or (),
        acr_values=tuple(ask.words("acr_values")[:ACRS_AT_MOST]),
    )


async def _bound_to(call: Call, ask: Ask) -> str:
    """Return the key that the code shall be bound to (RFC 9449, 10 and 10.1)."""
    named = ask.form.get("dpop_jkt")
    shown = await key_shown(call, ask.client) if call.request.path == paths.PUSH else ""
    if named and shown and named != shown:
        raise PROOF_INVALID(cause="dpop_jkt")
    if named and not THUMBPRINT.fullmatch(named):
        raise PARAMETER_INVALID(name="dpop_jkt")
    return named or shown


def _max_age(ask: Ask) -> int | None:
    # To ask for a new sign-in is to accept none that has been.
    if "login" in ask.words("prompt"):
        return 0
    max_age = ask.form.get("max_age")
    return int(max_age) if max_age else None


async def _hinted(call: Call, ask: Ask) -> str | None:
    """Return whom an ``id_token_hint`` names: this client's, by a token of ours, however old.

    "… the OP MUST validate that it was the issuer of the ID Token." (OIDC Core, 3.1.2.2)
    Raises OIDC-HintRefused.
    """
    hint = ask.form.get("id_token_hint")
    if not hint:
        return None
    try:
        found = await subject_of_hint(call, hint, ask.client.client_id)
    except Refusal as refusal:
        if server_side(refusal):
            raise
        raise HINT_REFUSED() from None
    return found.user_id
