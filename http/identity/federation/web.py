"""The way through the browser: an address to go to, and what the answer amounts to.

(RFC 6749, 4.1; OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207)
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

import orjson
from personae.actors.domain.idp.presets import PRESETS
from personae.actors.domain.idp.presets import Protocol as Way
from personae.actors.domain.idp.values import Idp, IdpKind
from personae.http.identity import base64url
from personae.http.identity.federation import tokens
from personae.http.identity.federation.apple import client_secret
from personae.http.identity.federation.documents import Documents, Endpoints
from personae.http.identity.federation.refusals import REFUSED, UNREACHABLE, UNTRUSTED

LONGEST = 256 * 1024
"""Bytes of an answer that are read at all."""
SUCCESS = range(200, 300)


class Exchange(Protocol):
    """Asks an address of others; ``None`` for no answer (``actors.workers.outbound``)."""

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        longest: int,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes] | None:
        """Return status and body."""
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that an answer is the one to our question: kept here, sealed, until it comes."""

    verifier: str
    nonce: str

    @classmethod
    def new(cls) -> Proof:
        """Make one that nobody can guess."""
        return cls(secrets.token_urlsafe(48), secrets.token_urlsafe(24))

    @classmethod
    def read(cls, text: str) -> Proof:
        """Read what :meth:`text` wrote."""
        return cls(**orjson.loads(text))

    def text(self) -> str:
        """Return it as one text, to be sealed."""
        return orjson.dumps(asdict(self)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came to our address: a code, or the provider's refusal."""

    code: str = ""
    error: str = ""
    issuer: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A user elsewhere: what was said, and the tokens that came along."""

    raw: Mapping[str, Any]
    access_token: str = ""
    id_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Us at a provider: its settings, our secret there, and ``back``, where it answers to."""

    idp: Idp
    secret: str = field(default="", repr=False)
    proof: Proof
    back: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Browser:
    """Speaks to providers that people are sent to."""

    exchange: Exchange
    documents: Documents

    async def address(self, us: Client, state: str, hint: str = "") -> str:
        """Return where to send the browser. Raises IDP-Unreachable, IDP-Untrusted."""
        idp, proof = us.idp, us.proof
        endpoints = await self.documents.endpoints(idp, us.now)
        asked = {
            "client_id": idp.client_id,
            "redirect_uri": us.back,
            "response_type": "code",
            "scope": " ".join(idp.scopes),
            "state": state,
        }
        if PRESETS[idp.kind].protocol is Way.OIDC:
            asked["nonce"] = proof.nonce
        if idp.use_pkce:
            digest = hashlib.sha256(proof.verifier.encode()).digest()
            asked |= {
                "code_challenge": base64url.encode(digest).decode(),
                "code_challenge_method": "S256",
            }
        if PRESETS[idp.kind].form_post:
            asked["response_mode"] = "form_post"
        if hint:
            asked["login_hint"] = hint
        return with_query(endpoints.authorization, asked)

    async def user(self, us: Client, answer: Answer) -> External:
        """Return who came back. Raises IDP-Refused, IDP-Unreachable, IDP-Untrusted."""
        idp = us.idp
        endpoints = await self.documents.endpoints(idp, us.now)
        self._check_issuer(idp, endpoints, answer)
        if answer.error or not answer.code:
            raise REFUSED(error=answer.error[:100] or "no code")
        got = await self._tokens(us, endpoints, answer.code)
        access, token = _text(got, "access_token"), _text(got, "id_token")
        if PRESETS[idp.kind].protocol is Way.OAUTH:
            return External(raw=await self._described(endpoints.user, access), access_token=access)
        claims = await tokens.id_token(
            self.documents,
            idp,
            endpoints.keys,
            token,
            nonce=us.proof.nonce,
            access_token=access,
            now=us.now,
        )
        raw: Mapping[str, Any] = {**claims, **_first_time(idp, answer.user)}
        if endpoints.user:
            described = await self._described(endpoints.user, access)
            # "If they do not match, the UserInfo Response values MUST NOT be used" (Core, 5.3.2)
            if described.get("sub") != claims["sub"]:
                raise UNTRUSTED(what="userinfo", why="sub")
            raw = described
        return External(raw=raw, access_token=access, id_token=token)

    @staticmethod
    def _check_issuer(idp: Idp, endpoints: Endpoints, answer: Answer) -> None:
        """Refuse an answer of another provider than the one asked (RFC 9207, 2.4: mix-up).

        Of a plain OAuth server only the origin is known.
        """
        if not answer.issuer and not endpoints.names_issuer:
            return
        known, named = idp.issuer, answer.issuer
        if PRESETS[idp.kind].protocol is Way.OAUTH:
            known, named = _origin(endpoints.authorization), _origin(named)
        if named != known:
            raise UNTRUSTED(what="answer", why="iss")

    async def _tokens(self, us: Client, endpoints: Endpoints, code: str) -> Mapping[str, Any]:
        idp, secret = us.idp, us.secret
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": us.back}
        headers = {"Accept": "application/json"}
        if idp.use_pkce:
            form["code_verifier"] = us.proof.verifier
        if idp.kind is IdpKind.APPLE:
            secret = client_secret(idp, secret, us.now)
        if endpoints.secret_in_body:
            form |= {"client_id": idp.client_id, "client_secret": secret}
        else:
            headers["Authorization"] = _basic(idp.client_id, secret)
        return await self._json("POST", endpoints.token, "token", form=form, headers=headers)

    async def _described(self, url: str, access_token: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return await self._json("GET", url, "userinfo", headers=headers)

    async def _json(
        self,
        method: str,
        url: str,
        what: str,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        answer = await self.exchange(method, url, longest=LONGEST, form=form, headers=headers)
        if answer is None:
            raise UNREACHABLE(what=what)
        status, body = answer
        try:
            found = orjson.loads(body)
        except ValueError:
            found = None
        if status not in SUCCESS or not isinstance(found, dict):
            raise UNTRUSTED(what=what, why=str(status))
        return found


def with_query(address: str, parameters: Mapping[str, str]) -> str:
    """Return an address with parameters added to those it has."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _basic(client_id: str, secret: str) -> str:
    """Return the header of HTTP Basic, its parts form-encoded first (RFC 6749, 2.3.1)."""
    both = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {b64encode(both.encode()).decode()}"


def _text(got: Mapping[str, Any], name: str) -> str:
    value = got.get(name, "")
    if not isinstance(value, str):
        raise UNTRUSTED(what="token", why=name)
    return value


def _first_time(idp: Idp, user: str) -> dict[str, Any]:
    """Return the name that Apple tells only when somebody comes for the first time.

    It passes through the browser: nothing in it is proved, so only the name is taken.
    """
    if idp.kind is not IdpKind.APPLE or not user:
        return {}
    try:
        name = orjson.loads(user)["name"]
        return {"given_name": str(name["firstName"]), "family_name": str(name["lastName"])}
    except (ValueError, KeyError, TypeError):
        return {}
