"""Some libraries are imported in one place only, which knows what to beware of with them."""

import ast

import pytest

from tests.architecture import ROOMS, ROOT

#    libraries                                           files that may import them
ONLY = (
    # P-44 and P-45 of the traps, tested in tests/http/saml/test_xml.py: text of a verified element
    # read whole whatever comments cut it, no DOCTYPE, 256 KiB, 64 levels, 100 attributes first.
    ({"xml", "lxml", "defusedxml", "xmltodict", "xmlsec", "signxml", "pyexpat", "html5lib"},
     {"http/identity/saml/xml.py"}),
    # P-01 to P-12, tested in tests/store/test_pool.py.
    ({"aiopg"}, {"store/connection.py"}),
    ({"psycopg2"}, {"store/connection.py", "store/errors.py", "store/session.py"}),
)  # fmt: skip
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(source):
    """The top-level modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(("libraries", "files"), ONLY, ids=["XML", "aiopg", "psycopg2"])
def test_who_imports_them(libraries, files):
    found = [path for path in FILES if libraries & set(imported(path.read_text()))]
    assert {str(path.relative_to(ROOT)) for path in found} == files


@pytest.mark.parametrize(
    "line",
    ["import xml.etree.ElementTree", "from lxml import etree", "def f():\n    import pyexpat"],
)
def test_one_that_did_would_be_seen(line):
    assert ONLY[0][0] & set(imported(line))
