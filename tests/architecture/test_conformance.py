"""Pages of what is demanded, and of what attackers do, name tests that exist: one in every row."""

import ast
import re
from functools import cache

import pytest

from tests.architecture import ROOT

NAMED = re.compile(r"`([\w/]+)::(test_\w+)`")
PAGES = {"oidc-conformance": ("section", 100), "security": ("cause", 50)}
"""By name: how the heads of its tables begin, and how many rows there are at least."""
SPECIFICATIONS = (
    "OpenID Connect Core", "RFC 6749", "RFC 6750", "RFC 7009", "RFC 7662", "RFC 7636", "RFC 8628",
    "RFC 8693", "RFC 9068", "RFC 9101", "RFC 9126", "RFC 9207", "RFC 9449", "RFC 9700", "FAPI 2.0",
    "OpenID Connect Discovery", "RP-Initiated Logout", "Front-Channel Logout", "Back-Channel Logout",
    "Session Management",
)  # fmt: skip


def lines(page):
    return (ROOT / "docs" / f"{page}.md").read_text().splitlines()


def rows(page):
    """Return the rows of every table whose last column names tests, without their heads."""
    head, found, inside = f"| {PAGES[page][0]}", [], False
    for line in lines(page):
        inside = line.startswith(head) or (inside and line.startswith("|"))
        if inside and line.startswith("| ") and not line.startswith(head):
            found.append(line)
    return found


@cache
def functions(name):
    """Return the tests of a file; a name without folder is one of the OpenID provider's."""
    path = ROOT / "tests" / (name if "/" in name else f"http/oidc/{name}")
    tree = ast.parse(path.with_suffix(".py").read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_a_test_that_is_there(page):
    assert len(rows(page)) > PAGES[page][1]
    for row in rows(page):
        named = NAMED.findall(row)
        assert named, f"no test: {row}"
        missing = [f"{name}::{test}" for name, test in named if test not in functions(name)]
        assert missing == [], row


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_specification_has_its_table(specification):
    heads = [line for line in lines("oidc-conformance") if line.startswith("## ")]
    assert any(specification in head for head in heads)
