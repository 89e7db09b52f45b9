"""Sentences and page texts in every language, read once.

``i18n/<language>.yaml`` and ``i18n/<area>.<language>.yaml`` are merged. What a language lacks is
taken from English. ``{name}`` is a placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("i18n")
FALLBACK = "en"
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
MOST_HEADER = 500

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts. ``own`` holds what each language says itself; ``full`` with English below it."""

    own: Mapping[str, Tree]
    full: Mapping[str, Tree]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Texts:
        """Read every file. Raises ``ValueError`` when two files hold the same text."""
        own: dict[str, Tree] = {}
        for path in sorted(folder.glob("*.yaml")):
            language = path.stem.rpartition(".")[2]
            _add(own.setdefault(language, {}), _read(path), path.name)
        english = own.get(FALLBACK, {})
        return cls(own, {language: _over(english, tree) for language, tree in own.items()})

    @property
    def languages(self) -> tuple[str, ...]:
        """The shipped languages, English first."""
        return tuple(sorted(self.own, key=lambda language: (language != FALLBACK, language)))

    def sentence(self, id_: str, language: str, params: Mapping[str, object] | None = None) -> str:
        """The sentence of a refusal, with its placeholders filled; the id if there is none."""
        sentence = self.tree(language, "errors").get(id_, id_)
        return fill(sentence, params or {})

    def tree(self, language: str, *path: str) -> Tree:
        """The texts below ``path``, complete: English where the language lacks one. Read only."""
        tree = self.full.get(language) or self.full.get(FALLBACK, {})
        for name in path:
            tree = tree.get(name, {})
        return tree

    def missing(self, language: str) -> list[str]:
        """The texts that English has and the language has not, as ``errors.USER-NameTaken``."""
        own = dict(flat(self.own.get(language, {})))
        return [key for key, _ in flat(self.own.get(FALLBACK, {})) if key not in own]

    def strange(self, language: str) -> list[str]:
        """The texts whose placeholders are not those of English, or that English lacks."""
        english = dict(flat(self.own.get(FALLBACK, {})))
        return [
            key
            for key, text in flat(self.own.get(language, {}))
            if placeholders(text) != placeholders(english.get(key, text + "{missing}"))
        ]

    @staticmethod
    def negotiate(accept_language: str | None, allowed: tuple[str, ...]) -> str:
        """The allowed language that fits an ``Accept-Language`` best (RFC 9110 section 12.5.4).

        ``allowed`` starts with the default, which is the answer when nothing fits.
        """
        return _negotiated((accept_language or "")[:MOST_HEADER], allowed)


def fill(text: str, params: Mapping[str, object]) -> str:
    """Put the values in; a placeholder without a value stays as it is. Nothing is evaluated."""
    return PLACEHOLDER.sub(lambda match: str(params.get(match[1], match[0])), text)


def placeholders(text: str) -> frozenset[str]:
    """The names of the placeholders of a text."""
    return frozenset(PLACEHOLDER.findall(text))


def flat(tree: Tree, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its dotted key."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def preferred(accept_language: str) -> list[str]:
    """The languages of the header, the most wanted first; what is refused (q=0) is left out."""
    weighted: list[tuple[float, str]] = []
    for item in accept_language.split(","):
        name, _, weight = item.partition(";")
        try:
            quality = float(weight.partition("=")[2] or 1)
        except ValueError:
            continue
        if name.strip() and quality > 0:
            weighted.append((quality, name.strip()))
    return [name for _, name in sorted(weighted, key=lambda pair: -pair[0])]


@lru_cache(maxsize=2048)
def _negotiated(accept_language: str, allowed: tuple[str, ...]) -> str:
    from babel.core import negotiate_locale

    wanted = [allowed[0] if name == "*" else name for name in preferred(accept_language)]
    return negotiate_locale(wanted, allowed, sep="-") or allowed[0]


def _read(path: Path) -> Tree:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), loader) or {}  # noqa: S506 — both are safe loaders


def _add(tree: Tree, more: Tree, name: str) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(tree.get(key, {}), dict):
            _add(tree.setdefault(key, {}), value, name)
        elif key in tree:
            raise ValueError(f"{name}: {key} is already given by another file")
        else:
            tree[key] = value


def _over(below: Tree, above: Tree) -> Tree:
    result = dict(below)
    for key, value in above.items():
        under = below.get(key)
        result[key] = (
            _over(under if isinstance(under, dict) else {}, value)
            if isinstance(value, dict)
            else value
        )
    return result
