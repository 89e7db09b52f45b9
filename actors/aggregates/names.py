"""Names that find their aggregate: claims, remembered as long as they are true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection

from personae.store.log import Log

REMEMBERED = 20_000

Still = Callable[[str], Awaitable[bool]]


class Names:
    """Looks up who holds a claim; a remembered answer is checked against its holder each time.

    The holder's state is in memory, so a hit costs no query and can never be out of date.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: OrderedDict[tuple[str, str, str], str] = OrderedDict()

    def remembered(self, instance_id: str, kind: str, value: str) -> str | None:
        """Return who held a name when it was last looked up: ask that holder whether it still does.

        For hot paths, which have the holder's state at hand; others use :meth:`find`.
        """
        return self._known.get((instance_id, kind, value))

    async def find(self, instance_id: str, kind: str, value: str, still: Still) -> str | None:
        """Return the id of the holder of a name; ``still(id)`` says whether it holds it yet."""
        name = (instance_id, kind, value)
        known = self._known.get(name)
        if known is not None and await still(known):
            return known
        found = await self._log.holder(instance_id, kind, value)
        self._known.pop(name, None)
        if found is not None:
            self._known[name] = found
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found

    async def holders(self, instance_id: str, kind: str, values: Collection[str]) -> dict[str, str]:
        """Return who holds which of several names now: one query, nothing is remembered."""
        return await self._log.holders(instance_id, kind, values)
