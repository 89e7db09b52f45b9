"""What every door is given: the way to commands and questions, keys, tokens, texts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from aiohttp import web
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.once import THIS_CALL, carried_out
from personae.actors.aggregates.orders import Done
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.org.refusals import NOT_FOUND
from personae.actors.domain.org.state import ORG_DOMAINS
from personae.http.identity.bearer import authenticate
from personae.http.identity.federation.federation import Federation
from personae.http.identity.guesses import Guesses
from personae.http.identity.instances import Instances, Origins
from personae.http.identity.keys import SigningKeys
from personae.http.identity.opaque import OpaqueTokens
from personae.http.identity.published import Fetch, nowhere
from personae.http.identity.replays import Replays
from personae.http.identity.system_users import SystemUsers
from personae.projections.kit.condition import ALL
from personae.projections.kit.page import Page
from personae.projections.kit.question import Question
from personae.projections.kit.registry import Projections
from personae.projections.kit.table import Table
from personae.projections.members import GRANT, MEMBERS

T = TypeVar("T")


class Texts(Protocol):
    """Sentences and page texts; ``config.texts.Texts`` keeps it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are, English first."""
        ...

    def sentence(self, id_: str, language: str, params: Mapping[str, object] | None = None) -> str:
        """Return the sentence of a refusal."""
        ...

    def tree(self, language: str, *path: str) -> dict[str, Any]:
        """Return the texts below a path."""
        ...

    def negotiate(self, accept_language: str | None, allowed: tuple[str, ...]) -> str:
        """Return the language that fits best."""
        ...


class Counters(Protocol):
    """What doors count; ``config.metrics.Metrics`` keeps it."""

    def login(self, result: str, method: str) -> None:
        """Count a sign-in."""
        ...

    def token(self, grant: str, result: str = "ok") -> None:
        """Count an answer of the token endpoint."""
        ...


@dataclass(slots=True)
class Services:
    """One process' services. Implements what the wire asks for (``http.wire.services``)."""

    dispatch: Dispatch
    projections: Projections
    tokens: OpaqueTokens
    keys: SigningKeys
    texts: Texts
    counters: Counters
    origins: Origins
    system_users: SystemUsers = field(default_factory=SystemUsers)
    session_state: bool = False
    """Whether browsers get the cookie that Session Management 1.0 needs."""
    world: World = field(init=False)
    """The aggregates' world."""
    instances: Instances = field(init=False)
    proofs: Replays = field(default_factory=Replays)
    fetch: Fetch = nowhere
    """Gets what somebody named an address of: within bounds, never from private networks."""
    guesses: Guesses = field(default_factory=Guesses)
    """Wrong passwords at the pages, passwords and codes over the API: by account, from anywhere."""
    federation: Federation = field(default_factory=Federation)
    """Speaks to identity providers of others; by default to nobody."""

    def __post_init__(self) -> None:
        self.world = self.dispatch.world
        self.instances = Instances(self.world)

    async def instance_of(self, host: str) -> str:
        """Return the id of the instance that is reached under a host."""
        return await self.instances.of(host)

    async def authenticate(
        self, instance_id: str, headers: Mapping[str, str], target: tuple[str, str]
    ) -> Caller:
        """Return the caller that a request's headers prove; ``target``: its method and path."""
        return await authenticate(self, instance_id, headers, target)

    async def org_of(self, instance_id: str, domain: str) -> str:
        """Return the id of the organisation that a domain was proved to belong to."""
        found = await self.world.log.holder(instance_id, ORG_DOMAINS, domain.lower())
        if found is None:
            raise NOT_FOUND()
        return found

    async def permit(self, caller: Caller, permission: str, project_id: str = "") -> None:
        """Refuse unless the caller has a permission where it is needed.

        That is in the organisation of its context, or in the project that the request names.
        Lists of projects and what is in them name none: whoever has the permission in any may
        ask, and is shown what is in those.
        """
        asked = partial(self._permit, caller, permission, project_id)
        await self.world.certain(caller.instance_id, asked)

    async def _permit(self, caller: Caller, permission: str, project_id: str) -> None:
        permissions = self.world.permissions
        if await permissions.allows(caller, permission, caller.org_id, project_id):
            return
        if not permission.startswith("project.") or not await self._anywhere(caller, permission):
            raise PERMISSION_DENIED(permission=permission)

    async def _anywhere(self, caller: Caller, permission: str) -> bool:
        """Say whether the caller has a permission as member of some project or grant."""
        granting = self.world.permissions.granting(permission)
        question = Question(
            table=MEMBERS,
            instance_id=caller.instance_id,
            allowed=ALL,
            where={"user_id": caller.user_id, "roles": granting, "kind": ["project", GRANT]},
            limit=1,
        )
        return bool(caller.user_id) and bool((await self.ask(question)).rows)

    async def send(self, command: object, caller: Caller) -> Done:
        """Have a command decided."""
        return await self.dispatch.send(command, caller)

    async def once(
        self, caller: Caller, key: str, request: bytes, call: Callable[[], Awaitable[T]]
    ) -> T:
        """Let the orders of a call that has a key be carried out once, however often it comes."""
        return await carried_out(self.world, caller, key, sha256(request).hexdigest(), call)

    async def ask(self, question: Question) -> Page:
        """Have a question answered by the read models, no older than the log's head."""
        position = await self.world.current(question.instance_id)
        await self.projections.reached(question.table, question.instance_id, position)
        return await self.projections.ask(question)

    async def find(self, table: Table, instance_id: str, *key: str) -> Any:
        """Return one row by its key, no older than the log's head, or ``None``."""
        position = await self.world.current(instance_id)
        await self.projections.reached(table, instance_id, position)
        return await self.projections.find(table, instance_id, *key)

    def sentence(self, refusal: Refusal, language: str) -> str:
        """Return what a refusal says to people."""
        return self.texts.sentence(refusal.id, language, refusal.params)

    def language(self, accept_language: str) -> str:
        """Return the language to answer in."""
        return self.texts.negotiate(accept_language, self.texts.languages)

    def new_id(self) -> str:
        """Return a new id; in a call that is sent again, the one of the first time."""
        call = THIS_CALL.get()
        return call.new_id(self.world.new_id) if call else self.world.new_id()


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
"""Where the doors find the services of their application."""
