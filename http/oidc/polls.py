"""How often a device asks (RFC 8628, 3.5). In this process only, bounded."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

INTERVAL = MORE = timedelta(seconds=5)
POLLS_AT_MOST = 10_000


class Polls:
    """Remembers when each device may ask next; one that comes sooner must wait longer each time."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[datetime, timedelta]] = OrderedDict()

    def too_soon(self, device_id: str, now: datetime) -> bool:
        """Take note of a question; true when it came before its time."""
        last, interval = self._known.get(device_id, (None, INTERVAL))
        soon = last is not None and now - last < interval
        self._known[device_id] = (now, interval + MORE if soon else interval)
        self._known.move_to_end(device_id)
        if len(self._known) > POLLS_AT_MOST:
            self._known.popitem(last=False)
        return soon
