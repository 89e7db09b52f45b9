"""Made key pairs as the file that client libraries read."""

from __future__ import annotations

from datetime import datetime

import orjson


def key_file(kind: str, key_id: str, private: str, expires: datetime | None, **ids: str) -> bytes:
    """Return the JSON of a key; ``private`` is PEM, ``ids`` say whose it is."""
    life = {} if expires is None else {"expirationDate": expires}
    content = {"type": kind, "keyId": key_id, "key": private, **life, **ids}
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)
