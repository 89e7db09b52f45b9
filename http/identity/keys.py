"""The signing keys of each instance, ready to use: parsed once, their JWK set rendered once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import orjson
from personae.actors.domain.kit import Code, reason
from personae.actors.domain.web_key.values import FAPI, FAPI_ALGORITHMS
from personae.http.identity.jose import jwks
from personae.http.identity.jwt import Signer, Verifier

NO_ACTIVE_KEY = reason("KEY-NoneActive", Code.FAILED_PRECONDITION)

MAX_INSTANCES = 1_000
"""Instances whose keys are kept at a time; the one unused for longest makes room."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A web key as its aggregate has it, unsealed."""

    id: str
    algorithm: str
    private_pem: bytes = field(repr=False)
    active: bool = False
    profile: str = ""


@dataclass(frozen=True, slots=True)
class InstanceKeys:
    """The keys of one instance: who signs, what verifies, what clients are shown.

    ``fapi`` signs for clients of that profile: the active key if its algorithm is allowed there,
    else a key of the profile, if there is one yet.
    """

    active: Signer | None
    fapi: Signer | None
    verifier: Verifier
    jwks: bytes = field(repr=False)

    @property
    def signer(self) -> Signer:
        """The active key. Raises KEY-NoneActive."""
        if self.active is None:
            raise NO_ACTIVE_KEY()
        return self.active


class SigningKeys:
    """Keeps the keys of instances; ``load`` tells all of an instance that are not removed."""

    def __init__(self, load: Callable[[str], Awaitable[Iterable[StoredKey]]]) -> None:
        self._load = load
        self._kept: dict[str, asyncio.Task[InstanceKeys]] = {}

    async def of(self, instance_id: str) -> InstanceKeys:
        """Return an instance's keys; many who ask at once cause one load. Raises what that does."""
        task = self._kept.pop(instance_id, None)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(self._prepare(instance_id))
        self._kept[instance_id] = task
        if len(self._kept) > MAX_INSTANCES:
            del self._kept[next(iter(self._kept))]
        return task.result() if task.done() else await asyncio.shield(task)

    def forget(self, instance_id: str) -> None:
        """Load again at the next question: a key was made, activated or removed."""
        self._kept.pop(instance_id, None)

    async def _prepare(self, instance_id: str) -> InstanceKeys:
        stored = list(await self._load(instance_id))
        signers = {key.id: Signer(key.id, key.algorithm, key.private_pem) for key in stored}
        public = [signer.public for signer in signers.values()]
        signs = {key.profile: signers[key.id] for key in stored if key.active}
        active = signs.get("")
        allowed = active is not None and active.key.algorithm in FAPI_ALGORITHMS
        return InstanceKeys(
            active,
            active if allowed else signs.get(FAPI),
            Verifier(public),
            orjson.dumps(jwks(public)),
        )
