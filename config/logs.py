"""Logs: one structured line per event, with nothing secret in it.

Rooms log with ``structlog.get_logger(__name__)`` and bind what belongs to a request with
``structlog.contextvars.bind_contextvars(request_id=…)``. What libraries log with ``logging`` comes
out the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from personae.config.settings import Logging
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "********"
DEPTH = 8
LONGEST = 20_000
SECRET_WORDS = frozenset(
    {
        "password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "code",
        "otp", "authorization", "cookie", "cookies", "credential", "credentials", "assertion",
        "masterkey", "verifier", "pat", "jwt", "bearer", "pem",
    }
)  # fmt: skip
KEY_OWNERS = frozenset({"private", "master", "signing", "encryption", "secret", "api", "symmetric"})
NOT_SECRET_ENDS = frozenset(
    {"id", "ids", "type", "count", "lifetime", "expiry", "expiration", "expires", "method", "kind",
     "name", "seconds", "size", "length", "policy"}
)  # fmt: skip
STATUS_OWNERS = frozenset(
    {"status", "error", "exit", "return", "grpc", "http", "country", "language", "reason"}
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# What stands before a secret in a text, and the secret: quoted, or up to a separator.
IN_TEXT = re.compile(
    r"(?i)\b(authorization[\"']?\s?[=:]\s?[\"']?(?:basic\s|bearer\s)?|bearer\s(?=\S{12})|"
    r"(?:password|passphrase|secret|token|code|assertion|code_verifier|client_secret|masterkey|"
    r"(?:access|refresh|id)_token|id_token_hint|client_assertion|cookie)[\"']?\s?[=:]\s?)"
    r"(\"[^\"\n]*\"?|'[^'\n]*'?|[^\s&\"',;})]{4,})"
)
PLAIN = (bool, int, float, type(None))
QUIET = ("asyncio", "aiohttp.access", "grpclib", "pykka")


@lru_cache(maxsize=4096)
def is_secret(key: str) -> bool:
    """Whether the value under this key must not be shown, as for ``clientSecret``.

    >>> is_secret("access_token"), is_secret("token_id"), is_secret("status_code")
    (True, False, False)
    """
    words = [word.lower() for word in WORD.findall(key)]
    if not words or words[-1] in NOT_SECRET_ENDS:
        return False
    if words[-1] == "code" and len(words) > 1 and words[-2] in STATUS_OWNERS:
        return False
    key_material = words[-1] in {"key", "keys"} and not KEY_OWNERS.isdisjoint(words)
    return key_material or not SECRET_WORDS.isdisjoint(words)


def masked(value: Any, depth: int = DEPTH) -> Any:
    """Copy ``value`` with secrets masked, at any depth; what lies too deep is left out."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {
            str(key): MASK if is_secret(str(key)) and item else masked(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item, depth - 1) for item in value]
    return value if isinstance(value, PLAIN) else masked(str(value))


def clean(text: str) -> str:
    """Mask what follows ``password=``, ``Bearer`` and the like; cut a text that is very long."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    if "=" in text or ":" in text or " " in text:
        return IN_TEXT.sub(rf"\g<1>{MASK}", text)
    return text


def mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Mask a whole log line: the last processor before rendering."""
    result: EventDict = masked(line)
    return result


def dumps(line: EventDict, **_options: Any) -> str:
    """One line of JSON. Line breaks in values are escaped: nobody can forge a line."""
    return orjson.dumps(line).decode()


def configure(settings: Logging, out: TextIO | None = None) -> None:
    """Send every log line of this process to ``out``, standard error when not given."""
    out = out or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    shared = _shared(console=console)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_lowest(settings)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(shared, console=console, colours=out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    _levels(settings)


def _shared(*, console: bool) -> list[Processor]:
    """What is done to every line, ours or a library's, before it is rendered."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info if console else TRACEBACKS,
    ]


# Local variables of a frame hold passwords and keys: they are never part of a line.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
)


def _formatter(shared: list[Processor], *, console: bool, colours: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback, timestamp_key="time"
        )
        if console
        else structlog.processors.JSONRenderer(serializer=dumps)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, renderer],
    )


def _lowest(settings: Logging) -> int:
    levels = (settings.level, *settings.loggers.values())
    return min(logging.getLevelNamesMapping()[level.upper()] for level in levels)


def _levels(settings: Logging) -> None:
    access = {"aiohttp.access": "info"} if settings.requests else {}
    for name, level in (dict.fromkeys(QUIET, "warning") | access | settings.loggers).items():
        logging.getLogger(name).setLevel(level.upper())
