"""The supervisor tree as a page: one table, no script, nothing that moves by itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

Node = Mapping[str, Any]
Words = Mapping[str, Any]

STYLE = (
    ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{margin:1.5rem}"
    "h1{font-size:1.4rem}div{overflow-x:auto}table{border-collapse:collapse}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .8rem;border-bottom:1px solid #8886}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}th span{font-weight:400;opacity:.8}"
    "caption{text-align:left;padding-bottom:.5rem}"
)
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src"
    f" 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)
"""The page's Content-Security-Policy."""

COLUMNS = {
    "state": "", "restarts": "n", "waiting": "n", "turns_per_second": "n", "error": "",
}  # fmt: skip
"""What has a column of its own, with the class of its cells; the rest stands in the last."""


@dataclass(frozen=True, slots=True)
class Tree:
    """``seen`` looks at the tree; ``words`` has the page's words for an ``Accept-Language``."""

    seen: Callable[[], Node]
    words: Callable[[str], Words]


def tree_page(tree: Node, words: Words) -> str:
    """Return the page for a snapshot of the tree."""
    say = {name: escape(str(word)) for name, word in words.items()}
    head = "".join(f'<th scope="col">{say[name]}</th>' for name in ("part", *COLUMNS, "more"))
    rows = "".join(_row(path, node, words) for path, node in _parts(tree, ()))
    return (
        f'<!doctype html><html lang="{say["language"]}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{say["title"]}</title>'
        f'<style>{STYLE}</style><main><h1>{say["title"]}</h1><p><a href="">{say["again"]}</a></p>'
        f'<div role="region" tabindex="0" aria-label="{say["title"]}"><table>'
        f"<caption>{say['caption']}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div></main></html>"
    )


def _parts(node: Node, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    path = (*above, str(node["name"]))
    yield path, node
    for child in node.get("children", ()):
        yield from _parts(child, path)


def _row(path: tuple[str, ...], node: Node, words: Words) -> str:
    above = "".join(f"{escape(name)} / " for name in path[:-1])
    cells = "".join(
        f'<td class="{kind}">{_cell(name, node, words)}</td>' if kind else
        f"<td>{_cell(name, node, words)}</td>"
        for name, kind in COLUMNS.items()
    )  # fmt: skip
    rest = ", ".join(
        f"{escape(name.replace('_', ' '))} {escape(str(value))}"
        for name, value in node.items()
        if name not in {"name", "children", "turns", *COLUMNS}
    )
    name = f"<span>{above}</span>{escape(path[-1])}"
    return f'<tr><th scope="row">{name}</th>{cells}<td>{rest}</td></tr>'


def _cell(name: str, node: Node, words: Words) -> str:
    value = node.get(name, "")
    if name == "state":
        return escape(str(words["states"].get(value, value)))
    if name == "error" and value:
        ago = str(words["ago"]).replace("{seconds}", f"{value['seconds_ago']:g}")
        return f"{escape(value['what'])}, {escape(ago)}"
    return escape(str(value))
