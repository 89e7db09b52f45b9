"""The supervisor tree as a page: nested lists, no script, reloads itself every two seconds."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
    '<meta name="viewport" content="width=device-width"><title>Actors</title><style>'
    ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{margin:2rem}"
    "ul{list-style:none;border-left:1px solid #8886;padding-left:1rem}b{font-weight:600}"
    "small{opacity:.75;margin-left:.5rem}</style><h1>Actors</h1>"
)


def tree_page(tree: Mapping[str, Any]) -> str:
    """Return the page for a snapshot of the tree."""
    return f"{HEAD}<ul>{_item(tree)}</ul></html>"


def _item(node: Mapping[str, Any]) -> str:
    facts = "".join(
        f"<small>{escape(str(name))} {escape(str(value))}</small>"
        for name, value in node.items()
        if name not in {"name", "children"}
    )
    children = "".join(_item(child) for child in node.get("children", ()))
    below = f"<ul>{children}</ul>" if children else ""
    return f"<li><b>{escape(str(node.get('name', '')))}</b>{facts}{below}</li>"
