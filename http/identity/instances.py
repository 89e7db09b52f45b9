"""Which instance is meant, and under which URL it is known: told by the host asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

from personae.actors.aggregates.world import World
from personae.actors.domain.instance.refusals import NOT_FOUND
from personae.actors.domain.instance.state import INSTANCE_DOMAINS
from personae.actors.domain.kit import Stream
from personae.store.log import EVERYWHERE


@lru_cache(maxsize=4096)
def domain_of(host: str) -> str:
    """Return the domain of a ``Host`` value: lower case, without port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


@dataclass(frozen=True, slots=True)
class Origins:
    """How this server is reached from outside: scheme and port of every instance's domain."""

    secure: bool
    port: int

    def of(self, host: str) -> str:
        """Return the origin of a domain, which is also its issuer: no path, no trailing slash."""
        return _origin(self.secure, self.port, host)


@lru_cache(maxsize=4096)
def _origin(secure: bool, port: int, host: str) -> str:  # noqa: FBT001 — three parts of one URL
    scheme, standard = ("https", 443) if secure else ("http", 80)
    return f"{scheme}://{domain_of(host)}" + ("" if port == standard else f":{port}")


class Instances:
    """Finds instances by host; a known host costs no query."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of(self, host: str) -> str:
        """Return the id of the instance with a domain. Raises INSTANCE-NotFound."""
        domain = domain_of(host)

        known = self._world.names.remembered(EVERYWHERE, INSTANCE_DOMAINS, domain)
        if known is not None and await self._has(domain, known):
            return known
        found = await self._world.names.find(
            EVERYWHERE, INSTANCE_DOMAINS, domain, partial(self._has, domain)
        )
        if found is None:
            raise NOT_FOUND(host=domain)
        return found

    async def _has(self, domain: str, instance_id: str) -> bool:
        state = await self._world.state(Stream(instance_id, "instance", instance_id))
        return domain in state.domains
