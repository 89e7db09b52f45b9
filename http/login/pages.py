"""Templates and static files: compiled and read once, served from memory."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from personae.http.server.static import Static

HERE = Path(__file__).parent
PREFIX = "/ui/login"
ASSETS = f"{PREFIX}/assets"
_PLACE = re.compile(r"\{(\w+)\}")


class Pages:
    """Renders pages. Every value is escaped, and a name that is not there is an error."""

    def __init__(self) -> None:
        self.static = Static.load(HERE / "static")
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["fill"] = fill
        self._environment.globals["asset"] = {
            name: self.static.url(ASSETS, name) for name in ("login.css", "login.js", "mark.svg")
        }
        names = self._environment.list_templates()
        self._templates = {name: self._environment.get_template(name) for name in names}

    def render(self, name: str, /, **values: Any) -> str:
        """Return a page. Raises ``KeyError`` for a template that is not there."""
        return self._templates[f"{name}.html"].render(values)


def fill(text: str, **values: object) -> str:
    """Put values into a text; they are never read as templates themselves.

    The text may be an administrator's: a name it makes up stays as it is, and nothing else is done.
    """
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


@cache
def pages() -> Pages:
    """Return the pages of this process, read at the first call: before the port opens."""
    return Pages()
