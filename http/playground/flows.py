"""The flows: authorization code with PKCE, device, client credentials, token exchange."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from personae.http.playground.client import Client
from personae.http.playground.masks import masked
from personae.http.playground.talk import Step, Talk, WentWrongError
from personae.http.playground.tokens import Decoded, decoded, explained

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 — a name
METADATA = "/.well-known/openid-configuration"
WAITING = frozenset({"authorization_pending", "slow_down"})
"""Answers to a device that may ask again (RFC 8628, 3.5)."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a client must remember while somebody signs in."""

    redirect_uri: str
    verifier: str = field(repr=False)
    state: str
    nonce: str

    @classmethod
    def new(cls, redirect_uri: str) -> Pending:
        """Draw what binds the answer to the question."""
        return cls(redirect_uri, *(secrets.token_urlsafe(32) for _ in range(3)))

    @property
    def challenge(self) -> str:
        """The challenge of the verifier (RFC 7636, 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Flows:
    """One client's flows at one provider. Each raises WentWrongError when a step fails."""

    def __init__(self, talk: Talk, client: Client) -> None:
        self.talk, self.client = talk, client
        self._metadata: dict[str, Any] = {}

    async def _endpoint(self, name: str) -> str:
        """Return where an endpoint is, as the provider itself says."""
        if not self._metadata:
            found = await self.talk.call("discovery", self.talk.issuer + METADATA)
            # A document has a hundred members; what counts is who it is about.
            self.talk.steps[-1].received = {
                name: value
                for name, value in found.items()
                if name.endswith(("issuer", "_endpoint", "_uri"))
            }
            if found.get("issuer") != self.talk.issuer:
                raise WentWrongError
            self._metadata = found
        return str(self._metadata.get(name, ""))

    async def begin_code(self, scope: str, pending: Pending) -> str:
        """Return the address to send the browser to."""
        url = await self._endpoint("authorization_endpoint")
        asked = {
            "response_type": "code", "client_id": self.client.client_id,
            "redirect_uri": pending.redirect_uri, "scope": scope, "state": pending.state,
            "nonce": pending.nonce, "code_challenge": pending.challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        self.talk.steps.append(Step("authorize", "GET", url, asked))
        return f"{url}?{urlencode(asked)}"

    async def end_code(self, pending: Pending, answer: Mapping[str, str]) -> dict[str, Any]:
        """Redeem what the browser came back with, once it is the answer to our question."""
        self.talk.steps.append(Step("returned", "GET", pending.redirect_uri, masked(answer)))
        wrong = [
            name for name, wanted in (("state", pending.state), ("iss", self.talk.issuer))
            if answer.get(name) != wanted
        ]  # fmt: skip
        if wrong or "code" not in answer:
            problem = f"{' and '.join(wrong)} not as expected" if wrong else answer.get("error", "")
            self.talk.steps[-1].received = {"refused": problem}
            raise WentWrongError
        form = {
            "grant_type": "authorization_code", "code": answer["code"],
            "redirect_uri": pending.redirect_uri, "code_verifier": pending.verifier,
        }  # fmt: skip
        return await self.token("code", form)

    async def begin_device(self, scope: str) -> dict[str, Any]:
        """Return the codes of a device."""
        url = await self._endpoint("device_authorization_endpoint")
        headers, form = self.client.shown(self.talk.issuer)
        return await self.talk.call("device", url, {**form, "scope": scope}, headers)

    async def poll_device(self, device_code: str) -> dict[str, Any]:
        """Ask once whether somebody has allowed the device; see :attr:`waiting` when it fails."""
        try:
            return await self.token("poll", {"grant_type": DEVICE, "device_code": device_code})
        except WentWrongError:
            self.talk.fold()
            raise

    @property
    def waiting(self) -> bool:
        """Whether the last answer was that nobody has allowed the device yet."""
        return bool(self.talk.steps) and self.talk.steps[-1].received.get("error") in WAITING

    async def credentials(self, scope: str) -> dict[str, Any]:
        """Get tokens for the client itself."""
        return await self.token("credentials", {"grant_type": "client_credentials", "scope": scope})

    async def exchange(
        self, subject: str, scope: str, audience: str = "", actor: str = ""
    ) -> dict[str, Any]:
        """Exchange an access token; with ``actor``, for one that acts for its user."""
        form = {
            "grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": ACCESS_TOKEN,
            "scope": scope, "audience": audience, "actor_token": actor,
            "actor_token_type": ACCESS_TOKEN if actor else "",
        }  # fmt: skip
        return await self.token("exchange", {name: value for name, value in form.items() if value})

    async def token(self, what: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask the token endpoint, and take the tokens apart."""
        url = await self._endpoint("token_endpoint")
        headers, proof = self.client.shown(self.talk.issuer)
        found = await self.talk.call(what, url, {**proof, **form}, headers)
        step = self.talk.steps[-1]
        keys = (await self.talk.call("keys", await self._endpoint("jwks_uri"))).get("keys", [])
        scope = str(found.get("scope", "")).split()
        kinds = [kind for kind in ("access_token", "id_token") if isinstance(found.get(kind), str)]
        step.tokens = tuple(decoded(kind, found[kind], keys, scope) for kind in kinds)
        return found

    async def look(self, tokens: Mapping[str, Any], *, introspect: bool = True) -> None:
        """Ask what is known about the tokens: userinfo, and introspection where a secret allows.

        Machine users may not ``introspect``: what they prove is no application.
        """
        scope, text = str(tokens.get("scope", "")).split(), str(tokens["access_token"])
        if "openid" in scope:
            url, header = (
                await self._endpoint("userinfo_endpoint"),
                {"Authorization": f"Bearer {text}"},
            )
            self._about("userinfo", scope, await self.talk.call("userinfo", url, None, header))
        if introspect and self.client.method != "none":
            url = await self._endpoint("introspection_endpoint")
            headers, form = self.client.shown(self.talk.issuer)
            form["token"] = text
            found = await self.talk.call("introspection", url, form, headers)
            self._about("introspection", scope, found)

    def _about(self, kind: str, scope: list[str], found: Mapping[str, Any]) -> None:
        self.talk.steps[-1].tokens = (Decoded(kind, {}, explained(kind, found, scope)),)
