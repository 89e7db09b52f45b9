"""Sign-ins elsewhere from start to end, as the API and the sign-in pages have them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from personae.actors.aggregates.orders import Done
from personae.actors.domain.idp.presets import PRESETS, Protocol, completed
from personae.actors.domain.idp.refusals import NOT_FOUND
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.idp_intent.commands import FailIntent, StartIntent, SucceedIntent
from personae.actors.domain.idp_intent.decide import check_usable
from personae.actors.domain.idp_intent.refusals import TOKEN_INVALID
from personae.actors.domain.idp_intent.state import Intent, Status
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.values import Sealed
from personae.http.identity.federation.directory import Entry, Login
from personae.http.identity.federation.mapping import Mapped, mapped
from personae.http.identity.federation.refusals import (
    CREDENTIALS_WRONG,
    STATE_INVALID,
    TOO_MANY,
    UNTRUSTED,
    WAY_WRONG,
)
from personae.http.identity.federation.tokens import OLDEST, assertion
from personae.http.identity.federation.web import Answer, Client, External, Proof, with_query
from personae.http.identity.guesses import WINDOW
from personae.http.identity.jwt import LEEWAY
from personae.http.identity.opaque import TokenKind
from personae.http.identity.replays import digest
from personae.store.crypto import Area

if TYPE_CHECKING:
    from personae.http.identity.services import Services

CALLBACK, JWT_CALLBACK = "/idps/callback", "/idps/jwt"
"""Where providers send people back to."""


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that goes on at ``url``."""

    intent_id: str
    url: str
    done: Done


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A sign-in that was answered: the token that proves it, and who is linked, if anybody."""

    intent_id: str
    token: str
    user_id: str
    done: Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a sign-in is started with: where the browser goes afterwards."""

    idp_id: str
    success_url: str
    failure_url: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Intents:
    """Sign-ins elsewhere for one instance, reached under an ``origin``."""

    services: Services
    instance_id: str
    origin: str = ""

    async def start(self, caller: Caller, wish: Wish, intent_id: str = "") -> Started:
        """Begin a sign-in in the browser.

        Raises IDP-NotFound, IDP-OtherWay, IDP-Unreachable, IDP-Untrusted, IDPINTENT-UrlInvalid.
        """
        services = self.services
        await services.world.permissions.require(caller, "session.write")
        idp = await self.idp(wish.idp_id)
        intent_id = intent_id or services.new_id()
        state = services.tokens.issue(TokenKind.INTENT_STATE, self.instance_id, intent_id)
        proof = Proof.new()
        url = await self._address(idp, proof, state, wish.hint)
        order = StartIntent(
            intent_id=intent_id,
            instance_id=self.instance_id,
            idp_id=wish.idp_id,
            success_url=wish.success_url,
            failure_url=wish.failure_url,
            proof=proof.text(),
        )
        return Started(intent_id, url, await services.send(order, caller))

    async def _address(self, idp: Idp, proof: Proof, state: str, hint: str) -> str:
        match PRESETS[idp.kind].protocol:
            case Protocol.LDAP:
                raise WAY_WRONG(way="ldap")
            case Protocol.JWT:
                # What is at that address sends this back, under the reference system's name.
                return with_query(idp.jwt_endpoint, {"authRequestID": state})
        us = self._client(idp, proof)
        return await self.services.federation.browser.address(us, state, hint)

    async def start_directory(self, caller: Caller, idp_id: str, login: Login) -> Succeeded:
        """Sign in with name and password of a directory, at once.

        Raises IDP-NotFound, IDP-OtherWay, IDP-CredentialsWrong, IDP-TooManyGuesses,
        IDP-Unreachable, IDP-Untrusted.
        """
        services = self.services
        await services.world.permissions.require(caller, "session.write")
        idp = await self.idp(idp_id)
        if PRESETS[idp.kind].protocol is not Protocol.LDAP:
            raise WAY_WRONG(way="urls")
        entry = await self._guessed(idp_id, idp, login)
        intent_id = services.new_id()
        order = StartIntent(intent_id=intent_id, instance_id=self.instance_id, idp_id=idp_id)
        await services.send(order, caller)
        user = External(raw={name: list(values) for name, values in entry.items()})
        return await self._succeeded(intent_id, _identified(idp, user), user, entry)

    async def _guessed(self, idp_id: str, idp: Idp, login: Login) -> Entry:
        """Return the entry of who typed the right password; guessing is as slow as elsewhere."""
        guesses, now = self.services.guesses, self.services.world.now()
        account = f"{self.instance_id} {idp_id} {login.name.strip().lower()}"
        if guesses.too_many(account, now):
            raise TOO_MANY(seconds=int(WINDOW.total_seconds()))
        guesses.wrong(account, now)
        try:
            directories = self.services.federation.directories
            entry = await directories.user(idp, self._opened(idp.secret), login)
        except Refusal as refusal:
            if refusal.reason is not CREDENTIALS_WRONG:
                guesses.right(account)
            raise
        guesses.right(account)
        return entry

    async def finish(self, state: str, answer: Answer) -> str:
        """Return where the browser goes after an answer: the success or the failure address.

        Raises IDP-StateInvalid for an answer that belongs to no sign-in under way.
        """
        intent_id, intent, idp = await self._waiting(state)
        if PRESETS[idp.kind].protocol not in {Protocol.OIDC, Protocol.OAUTH}:
            raise STATE_INVALID()
        us = self._client(idp, Proof.read(self._opened(intent.proof)))
        asked = self.services.federation.browser.user(us, answer)
        return await self._answered(intent_id, intent, idp, asked)

    async def finish_jwt(self, state: str, headers: Mapping[str, str]) -> str:
        """Do the same for a provider that puts a signed token into a header of its choice."""
        intent_id, intent, idp = await self._waiting(state)
        if PRESETS[idp.kind].protocol is not Protocol.JWT:
            raise STATE_INVALID()
        token = headers.get(idp.header_name, "").removeprefix("Bearer ").strip()
        return await self._answered(intent_id, intent, idp, self._asserted(idp, token))

    async def _asserted(self, idp: Idp, token: str) -> External:
        services, now = self.services, self.services.world.now()
        audience = (self.origin, self.origin + JWT_CALLBACK)
        claims = await assertion(services.federation.documents, idp, token, audience, now)
        once = digest(idp.issuer, token).hex()
        if not await services.proofs.once("idp jwt", once, now + OLDEST + LEEWAY, now):
            raise UNTRUSTED(what="jwt", why="replayed")
        return External(raw=claims)

    async def _waiting(self, state: str) -> tuple[str, Intent, Idp]:
        """Return the sign-in that an answer belongs to. Raises IDP-StateInvalid."""
        tokens = self.services.tokens
        try:
            [intent_id] = tokens.open(TokenKind.INTENT_STATE, self.instance_id, state)
        except Refusal:
            raise STATE_INVALID() from None
        intent = await self.intent(intent_id)
        if intent.status is not Status.STARTED:
            raise STATE_INVALID()
        return intent_id, intent, await self.idp(intent.idp_id)

    async def _answered(
        self, intent_id: str, intent: Intent, idp: Idp, asked: Awaitable[External]
    ) -> str:
        try:
            user = await asked
            done = await self._succeeded(intent_id, _identified(idp, user), user)
        except Refusal as refusal:
            order = FailIntent(intent_id=intent_id, reason=str(refusal))
            await self.services.send(order, Caller.of_system(self.instance_id))
            return with_query(intent.failure_url, {"id": intent_id, "error": refusal.id})
        told = {"id": intent_id, "token": done.token}
        linked = {"user": done.user_id} if done.user_id else {}
        return with_query(intent.success_url, told | linked)

    async def _succeeded(
        self, intent_id: str, user: Mapped, external: External, entry: Entry | None = None
    ) -> Succeeded:
        order = SucceedIntent(
            intent_id=intent_id,
            idp_user=orjson.dumps(external.raw),
            idp_user_id=user.id,
            idp_user_name=user.name,
            access_token=external.access_token,
            id_token=external.id_token,
            attributes=entry or {},
            directory=entry is not None,
        )
        done = await self.services.send(order, Caller.of_system(self.instance_id))
        token = self.services.tokens.issue(TokenKind.INTENT, self.instance_id, intent_id)
        linked = (await self.intent(intent_id)).user_id
        return Succeeded(intent_id, token, linked, done)

    def shown(self, intent_id: str, token: str) -> str:
        """Return the id of the sign-in whose token is shown. Raises IDPINTENT-TokenInvalid."""
        try:
            [found] = self.services.tokens.open(TokenKind.INTENT, self.instance_id, token)
        except Refusal:
            raise TOKEN_INVALID() from None
        if found != intent_id:
            raise TOKEN_INVALID()
        return found

    async def usable(self, intent_id: str, token: str) -> Intent:
        """Return a sign-in that was answered and may be used.

        Raises IDPINTENT-TokenInvalid, -NotSucceeded, -Consumed, -Expired.
        """
        intent = await self.intent(self.shown(intent_id, token))
        check_usable(intent, self.services.world.now())
        return intent

    async def intent(self, intent_id: str) -> Intent:
        """Return a sign-in as the log has it."""
        await self.services.world.current(self.instance_id)
        stream = Stream(self.instance_id, "idpintent", intent_id)
        intent: Intent = await self.services.world.state(stream)
        return intent

    async def idp(self, idp_id: str) -> Idp:
        """Return a provider with all that its kind fixes. Raises IDP-NotFound."""
        stream = Stream(self.instance_id, "instance", self.instance_id)
        known: Instance = await self.services.world.state(stream)
        if idp_id not in known.idps:
            raise NOT_FOUND()
        return completed(known.idps[idp_id])

    def _client(self, idp: Idp, proof: Proof) -> Client:
        return Client(
            idp=idp,
            secret=self._opened(idp.secret),
            proof=proof,
            back=self.origin + CALLBACK,
            now=self.services.world.now(),
        )

    def _opened(self, sealed: Sealed | None) -> str:
        if sealed is None:
            return ""
        keyring = self.services.world.keyring
        return keyring.open(Area.IDENTITY_PROVIDER, sealed, self.instance_id).decode()


def _identified(idp: Idp, user: External) -> Mapped:
    """Return a user as it is to be known here. Raises IDP-Untrusted for one without an id."""
    found = mapped(idp, user.raw)
    if not found.id:
        raise UNTRUSTED(what="user", why="id")
    return found
