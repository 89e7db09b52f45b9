"""Where settings come from: files, environment, flags; each value with its origin.

Nothing is guessed: a key that does not exist is a problem that names the nearest one that does.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from personae.config.errors import StartError
from personae.config.fields import Key, dotted, is_collection, leaves, variable
from pydantic import BaseModel
from pydantic.fields import FieldInfo

PREFIX = "PERSONAE_"
NOT_SETTINGS = frozenset({"PERSONAE_CONFIG"})
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value, and where it was written: ``personae.yaml:12``, ``env PERSONAE_PORT``."""

    key: Key
    value: Any
    origin: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings, in one line."""

    key: str
    origin: str
    text: str

    def __str__(self) -> str:
        return f"{self.key} ({self.origin}): {self.text}"


class SettingsError(StartError):
    """The settings are not usable. ``problems`` holds all of them, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Shape:
    """The settings that exist: what keys are checked against."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.fields: dict[Key, FieldInfo] = dict(leaves(model))
        self.sections = {key[:size] for key in self.fields for size in range(1, len(key))}

    @cached_property
    def _by_last(self) -> dict[str, Key]:
        return {key[-1]: key for key in self.fields}

    def nearest(self, key: Key) -> Key | None:
        """The existing key that looks most like ``key``, else one whose last word does."""
        known = {dotted(each): each for each in (*self.fields, *self.sections)}
        whole = difflib.get_close_matches(dotted(key), known, 1, 0.75)
        if whole:
            return known[whole[0]]
        last = difflib.get_close_matches(key[-1], self._by_last, 1, 0.8)
        return self._by_last[last[0]] if last else None


Found = Iterator[Entry | Problem]


def from_file(path: Path, shape: Shape) -> Found:
    """Read one YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem("--config", str(path), f"cannot be read: {error}")
        return
    yield from from_text(text, str(path), shape)


def from_text(text: str, name: str, shape: Shape) -> Found:
    """Read YAML whose origin is called ``name``."""
    loader = Loader(text)
    try:
        root = loader.get_single_node()
        if isinstance(root, yaml.MappingNode):
            yield from _walk(loader, root, (), name, shape)
        elif root is not None:
            yield Problem("(file)", name, "does not hold settings: write lines like `port: 8080`")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        origin = f"{name}:{mark.line + 1}" if mark else name
        yield Problem("(file)", origin, f"is not YAML: {getattr(error, 'problem', error)}")
    finally:
        loader.dispose()


def _walk(loader: Any, mapping: yaml.MappingNode, prefix: Key, name: str, shape: Shape) -> Found:
    seen: set[Key] = set()
    for key_node, node in mapping.value:
        key = (*prefix, str(key_node.value))
        line = key_node.start_mark.line + 1
        origin = f"{name}:{line}"
        if key in seen:
            yield Problem(dotted(key), origin, "is written twice in this file")
        elif key in shape.fields:
            yield Entry(key, loader.construct_object(node, deep=True), origin, line)
        elif key not in shape.sections:
            yield _unknown(dotted(key), origin, shape.nearest(key), dotted)
        elif isinstance(node, yaml.MappingNode):
            yield from _walk(loader, node, key, name, shape)
        elif node.value:
            yield Problem(dotted(key), origin, "holds further settings: write them below it")
        seen.add(key)


def from_environment(environ: Mapping[str, str], shape: Shape) -> Found:
    """Read the variables that start with ``PERSONAE_``; empty ones count as not set."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or not environ[name]:
            continue
        key = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if key in shape.fields:
            yield from _variable(name, environ[name], key, shape.fields[key])
        elif key in shape.sections:
            yield Problem(name, "env", "names a section: add __ and the setting")
        else:
            yield _unknown(name, "env", shape.nearest(key), variable)


def _variable(name: str, text: str, key: Key, info: FieldInfo) -> Found:
    origin = f"env {name}"
    if not is_collection(info):
        yield Entry(key, text, origin)
        return
    try:
        value = yaml.load(text, Loader)  # noqa: S506 — Loader is the safe one
    except yaml.YAMLError:
        yield Problem(dotted(key), origin, "is not YAML: write a list as [a, b]")
        return
    yield Entry(key, value.split(",") if isinstance(value, str) else value, origin)


def from_flags(flags: Mapping[str, Any]) -> Found:
    """Take the given command line flags, by setting; ``None`` means not given."""
    for name, value in flags.items():
        if value is not None:
            yield Entry((name,), value, f"flag --{name.replace('_', '-')}")


def _unknown(key: str, origin: str, nearest: Key | None, write: Any) -> Problem:
    hint = f"did you mean {write(nearest)}?" if nearest else "see docs/configuration.md"
    return Problem(key, origin, f"is not a setting; {hint}")
