"""Messages in words: a subject, a plain text, and for mails a page with the same content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from babel.core import UnknownLocaleError
from babel.dates import format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from personae.actors.domain.policies import LabelPolicy
from personae.actors.workers.messages import Message

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
NOTICES = {"password_change", "domain_claimed"}
"""Messages about what happened, which ask for nothing."""
_BRIGHT = 0.179
"""The luminance at which black and white stand out equally (WCAG 2.2, relative luminance)."""


class Texts(Protocol):
    """Where the sentences are; ``config.texts.Texts`` keeps it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are."""
        ...

    def tree(self, language: str, *path: str) -> dict[str, Any]:
        """Return the texts below a path."""
        ...

    def negotiate(self, accept_language: str | None, allowed: tuple[str, ...]) -> str:
        """Return the language that fits best."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to send; ``parts`` are its words by the names that templates know them by."""

    subject: str
    plain: str
    html: str
    parts: Mapping[str, str]


def letter_of(message: Message, texts: Texts, now: datetime) -> Letter:
    """Return what to send, in the language of its reader."""
    language = texts.negotiate(message.language, texts.languages)
    tree = texts.tree(language, "messages")
    own: Mapping[str, str] = tree[message.kind]
    values = {**message.values, "life": _life(message.expires - now, language)}
    parts = {key: _fill(text, values) for key, text in own.items()}
    if message.channel == "sms":
        return Letter("", _one_line(parts["sms"]), "", parts)
    notice = message.kind in NOTICES
    parts |= {
        "language": language,
        "site": values["site"],
        "greeting": _fill(tree["greeting"], values),
        "valid": "" if notice else _fill(tree["valid"], values),
        "footer": tree["footer_notice" if notice else "footer"],
        "sent_by": _fill(tree["sent_by"], values),
        "fallback": tree["fallback"],
        "url": message.url,
        "code": values["code"],
    }
    colours = _colours(message.policies.label)
    return Letter(
        _one_line(parts["subject"]),
        _plain(parts),
        _template().render(**parts, colours=colours),
        {**parts, **colours},
    )


def _plain(parts: Mapping[str, str]) -> str:
    button = f"{parts['button']}:\n{parts['url']}" if parts["url"] else ""
    blocks = ("greeting", "text", button, "valid", "footer", "sent_by")
    found = [parts.get(block, block) for block in blocks]
    return "\n\n".join(block for block in found if block) + "\n"


def _fill(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def _one_line(text: str) -> str:
    """Return a text that no header or message is broken by."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def _life(left: timedelta, language: str) -> str:
    try:
        return format_timedelta(left, locale=language.replace("-", "_"))
    except UnknownLocaleError:
        return format_timedelta(left, locale="en")


def _colours(label: LabelPolicy) -> dict[str, str]:
    accent = _colour(label.primary_color, "#5469d4")
    page = _colour(label.background_color, "#fafafa")
    return {
        "page": page,
        "text": "#1b1b1b" if _luminance(page) > _BRIGHT else "#ffffff",
        "accent": accent,
        "on_accent": "#000000" if _luminance(accent) > _BRIGHT else "#ffffff",
    }


def _colour(wanted: str, otherwise: str) -> str:
    return wanted if COLOUR.fullmatch(wanted) else otherwise


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]  # noqa: PLR2004 — WCAG
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def _template() -> Any:
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("message.html")
