"""P-44 and P-45 of the traps: XML is read in one module only, which has those bounds.

They are tested in ``tests/http/saml/test_xml.py``: text of a verified element read whole whatever
comments cut it, no DOCTYPE, 256 KiB, 64 levels, 100 attributes before any parsing.
"""

import ast

import pytest

from tests.architecture import ROOMS, ROOT

PARSERS = {"xml", "lxml", "defusedxml", "xmltodict", "xmlsec", "signxml", "pyexpat", "html5lib"}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(source):
    """The top-level modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_one_module_reads_xml():
    found = [path for path in FILES if PARSERS & set(imported(path.read_text()))]
    assert found == [ROOT / "http/identity/saml/xml.py"]


@pytest.mark.parametrize(
    "line",
    ["import xml.etree.ElementTree", "from lxml import etree", "def f():\n    import pyexpat"],
)
def test_one_that_did_would_be_seen(line):
    assert PARSERS & set(imported(line))
