"""The domain is plain functions over values: no clock, no chance, no world."""

import ast
import inspect

import pytest
from personae.actors import domain
from personae.actors.domain.kit import KINDS, address_of

from tests.architecture import ROOT

DOMAIN = ROOT / "actors" / "domain"
FILES = sorted(DOMAIN.rglob("*.py"))
MODULES = {
    "__future__",
    "base64",
    "collections.abc",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "ipaddress",
    "operator",
    "re",
    "typing",
    "unicodedata",
    "urllib.parse",
}
LOADER = {"importlib", "pkgutil"}
"""Only for the package to import its own modules."""
IMPURE = {
    "now",
    "utcnow",
    "today",
    "open",
    "print",
    "input",
    "exec",
    "eval",
    "__import__",
    "globals",
}

domain.load()


def parsed(path):
    return ast.parse(path.read_text(), path)


def shown(path):
    return str(path.relative_to(DOMAIN))


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_the_domain_imports_values_and_nothing_that_acts(path):
    allowed = MODULES | LOADER if path == DOMAIN / "__init__.py" else MODULES
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.module in allowed or node.module.startswith("personae.actors.domain")


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_the_domain_asks_no_clock_and_waits_for_nothing(path):
    for node in ast.walk(parsed(path)):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.Global)
        if isinstance(node, ast.Call):
            assert getattr(node.func, "attr", getattr(node.func, "id", "")) not in IMPURE


def test_what_would_be_impure_is_seen():
    """The walks above find what they look for."""
    tree = ast.parse("datetime.now()\nopen('x')")
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {getattr(func, "attr", getattr(func, "id", "")) for func in calls} <= IMPURE


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_decider_decides_orders_of_its_own_kind_by_yielding(kind):
    assert kind._deciders
    for command, decider in kind._deciders.items():
        assert address_of(command).kind == kind.name
        assert inspect.isgeneratorfunction(decider)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_states_cannot_be_changed_in_place(kind):
    assert type(kind.initial).__dataclass_params__.frozen
