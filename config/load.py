"""From sources to settings: merge, derive, validate; every value keeps its origin."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from personae.config.checks import check
from personae.config.fields import Key, dotted
from personae.config.settings import Settings
from personae.config.sources import (
    Entry,
    Problem,
    SettingsError,
    Shape,
    from_environment,
    from_file,
    from_flags,
    from_text,
)
from pydantic import ValidationError

DEFAULTS = Path(__file__).with_name("defaults.yaml")
Merged = dict[Key, Entry]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and, for each key, the entry that won."""

    settings: Settings
    entries: Mapping[Key, Entry]


def load(
    files: Sequence[Path] = (),
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read everything once. Raises ``SettingsError`` with all problems at once."""
    found = list(
        chain(
            chain.from_iterable(from_file(path, shape()) for path in files),
            from_environment(environ, shape()),
            from_flags(flags or {}),
        )
    )
    merged = defaults() | {entry.key: entry for entry in found if isinstance(entry, Entry)}
    problems = [problem for problem in found if isinstance(problem, Problem)]
    _derive(merged)
    settings = _validated(merged, problems)
    if settings is not None:
        problems += check(settings, merged)
    if problems or settings is None:
        raise SettingsError(problems)
    return Loaded(settings, merged)


@cache
def shape() -> Shape:
    """The settings that exist."""
    return Shape(Settings)


def defaults() -> Merged:
    """What ``defaults.yaml`` says, by key."""
    text = DEFAULTS.read_text(encoding="utf-8")
    entries = from_text(text, DEFAULTS.name, shape())
    return {
        entry.key: Entry(entry.key, entry.value, "default", entry.line)
        for entry in entries
        if isinstance(entry, Entry)
    }


def _validated(merged: Merged, problems: list[Problem]) -> Settings | None:
    nested: dict[str, Any] = {}
    for key, entry in merged.items():
        section = nested
        for name in key[:-1]:
            section = section.setdefault(name, {})
        section[key[-1]] = entry.value
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        found = [_problem(each["loc"], each["msg"], merged) for each in error.errors()]
        # A derived value is wrong because its source is: tell of the source alone.
        sources = [problem for problem in found if not problem.origin.startswith("default (")]
        problems += sources or found
        return None


def _problem(location: tuple[int | str, ...], message: str, merged: Merged) -> Problem:
    key = tuple(str(part) for part in location)
    known = next((key[:n] for n in range(len(key), 0, -1) if key[:n] in merged), key)
    origin = merged[known].origin if known in merged else "defaults.yaml"
    return Problem(dotted(key), origin, message.removeprefix("Value error, "))


def _derive(merged: Merged) -> None:
    """Fill what is null and follows from other settings."""
    for key, (rule, value) in DERIVED.items():
        if merged[key].value is None:
            derived = value(lambda name: merged[tuple(name.split("."))].value)
            merged[key] = Entry(key, derived, f"default ({rule})")


Value = Callable[[str], Any]


def is_this_machine(domain: str) -> bool:
    """Whether a host name can only mean the machine the browser runs on (RFC 6761)."""
    if domain == "localhost" or domain.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(domain.strip("[]")).is_loopback
    except ValueError:
        return False


def _secure(value: Value) -> bool:
    return bool(value("server.tls_certificate")) or not is_this_machine(
        str(value("external_domain"))
    )


def _email(value: Value) -> str:
    name = str(value("first_instance.admin.user_name"))
    return name if "@" in name else f"{name}@{value('external_domain')}"


def _threads(value: Value) -> int:
    workers = str(value("workers"))
    # Where the platform tells, only the cores this process may use (containers, taskset).
    allowed = getattr(os, "sched_getaffinity", None)
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return max(1, cores // max(1, int(workers) if workers.isdecimal() else 1))


DERIVED: dict[Key, tuple[str, Callable[[Value], Any]]] = {
    ("external_port",): ("same as port", lambda value: value("port")),
    ("external_secure",): ("by external_domain", _secure),
    ("oidc", "playground"): (
        "by external_domain",
        lambda value: is_this_machine(str(value("external_domain"))),
    ),
    ("hashing", "threads"): ("cores / workers", _threads),
    ("first_instance", "admin", "email"): ("from user_name", _email),
    ("first_instance", "admin", "password_change_required"): (
        "if the password is made up",
        lambda value: value("first_instance.admin.password") is None,
    ),
}
