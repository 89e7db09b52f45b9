"""The page of what specifications demand names tests that exist, one at least in every row."""

import ast
import re
from functools import cache

import pytest

from tests.architecture import ROOT

PAGE = ROOT / "docs" / "oidc-conformance.md"
NAMED = re.compile(r"`([\w/]+)::(test_\w+)`")
SPECIFICATIONS = (
    "OpenID Connect Core", "RFC 6749", "RFC 6750", "RFC 7009", "RFC 7662", "RFC 7636", "RFC 8628",
    "RFC 8693", "RFC 9068", "RFC 9101", "RFC 9126", "RFC 9207", "RFC 9449", "RFC 9700", "FAPI 2.0",
    "OpenID Connect Discovery", "RP-Initiated Logout", "Front-Channel Logout", "Back-Channel Logout",
    "Session Management",
)  # fmt: skip


def rows():
    """Return the rows of every table of the page, without their heads."""
    lines = PAGE.read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| section")]


@cache
def functions(name):
    """Return the tests of a file; a name without folder is one of the OpenID provider's."""
    path = ROOT / "tests" / (name if "/" in name else f"http/oidc/{name}")
    tree = ast.parse(path.with_suffix(".py").read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_every_demand_names_a_test_that_is_there():
    assert len(rows()) > 100
    for row in rows():
        named = NAMED.findall(row)
        assert named, f"no test: {row}"
        missing = [f"{name}::{test}" for name, test in named if test not in functions(name)]
        assert missing == [], row


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_specification_has_its_table(specification):
    heads = [line for line in PAGE.read_text().splitlines() if line.startswith("## ")]
    assert any(specification in head for head in heads)
