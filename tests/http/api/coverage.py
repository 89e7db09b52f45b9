"""Which method was called over which wire with which outcome: seen at the door, in any test.

python -m pytest tests/http/api --api-coverage      writes docs/api-coverage.md anew
"""

import os
from collections import defaultdict
from pathlib import Path

from personae.actors.domain.kit import Refusal
from personae.http.wire.interceptors import Door, Wire
from personae.http.wire.methods import METHODS
from personae.http.wire.wrong import Wrong

DENIED = {"AUTH-PermissionDenied", "AUTH-Unauthenticated"}
NOT_COUNTED = ("test_random_messages", "test_database_away")
"""What the first meets is chance, and the second meets the same of every method."""

NAMES = {Wire.REST: "REST", Wire.CONNECT: "Connect", Wire.GRPC_WEB: "gRPC-web", Wire.GRPC: "gRPC"}


class Seen:
    """``calls[method][outcome]`` is a set of (wire, what was said, test).

    ``strangers[method]`` is what users without the permission were told (test_without_permission).
    """

    def __init__(self):
        self.calls = defaultdict(lambda: defaultdict(set))
        self.strangers = defaultdict(set)
        self._answer = Door.answer

    def __enter__(self):
        seen, answer = self, self._answer

        async def noted(door, call, read):
            try:
                reply = await answer(door, call, read)
            except Exception as error:
                seen.note(door.wire, call.method.name, error)
                raise
            seen.note(door.wire, call.method.name, None)
            return reply

        Door.answer = noted
        return self

    def __exit__(self, *_):
        Door.answer = self._answer

    def note(self, wire, method, error):
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0].partition("[")[0]
        if any(each in test for each in NOT_COUNTED):
            return
        outcome, said = outcome_of(error)
        if said.startswith("SYSTEM-"):  # of a busy machine, not of the method
            return
        self.calls[method][outcome].add((NAMES[wire], said, test))


def outcome_of(error):
    """Return success, refused, denied, invalid or broken, and the id of the reason."""
    if error is None:
        return "success", ""
    if isinstance(error, Wrong):
        return "invalid", "REQUEST-InvalidField"
    if not isinstance(error, Refusal):
        return "broken", type(error).__name__
    return ("denied" if error.id in DENIED else "refused"), error.id


PAGE = Path(__file__).parents[3] / "docs" / "api-coverage.md"
HEAD = """# What is shown of every method

For each of the 179 methods of the v2 services: the wires over which it succeeded in a test, refusals of
its own, what users are told who are signed in without any role, and where that is tested. Made by
`make api-coverage` from a run of `tests/http/api`; each such run checks that it still holds.

Without a token every method answers AUTH-Unauthenticated on every wire (`test_every_method`); what breaks
the definition's field rules is refused by every method alike (`tests/http/wire/test_every_rule.py`).

Without a role (`test_without_permission`): what is asked then succeeds for somebody who may. "no row":
the list is answered, and shows and counts nothing; "a token is enough": by the definition any user may.
"""
COLUMNS = ("method", "success", "refused", "stranger", "tests")
TITLES = "| method | success | refused | signed in without a role | tests |\n|---|---|---|---|---|"
MOST = 3
"""Refusals, and files of tests, that a line names."""

NO_ROW, ENOUGH = "no row", "a token is enough"
"""What answers are worth to somebody without the permission."""


def page(seen):
    """Return the page of what was seen."""
    parts, service = [HEAD], ""
    for name in sorted(name for name in METHODS if ".v2." in name and name in seen.calls):
        this, _, method = name.partition("/")
        if this != service:
            parts.append(f"\n## {this}\n\n{TITLES}")
            service = this
        said = line(seen, name)
        cells = [", ".join(said[column][:MOST] or ["—"]) for column in COLUMNS[2:]]
        parts.append(f"| {method} | {', '.join(said['success']) or '—'} | {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


def line(seen, name):
    """Return all that was seen of a method: wires, refusals (of fields, if no other), tests."""
    outcomes = seen.calls[name]
    wires = {wire for wire, _, _ in outcomes["success"]}
    tests = {test for outcome in outcomes.values() for _, _, test in outcome}
    return {
        "method": name,
        "success": [wire for wire in NAMES.values() if wire in wires],
        "refused": _said(outcomes["refused"] or outcomes["invalid"]),
        "stranger": sorted(seen.strangers[name]),
        "tests": sorted({test.rpartition("/")[2].partition(".py")[0] for test in tests}),
    }


def _said(outcome):
    return sorted({said for _, said, _ in outcome})


def lines():
    """Return the lines of the page as it is."""
    found, service = [], ""
    for text in PAGE.read_text().splitlines():
        if text.startswith("## "):
            service = text.removeprefix("## ")
        elif text.startswith("| ") and "| method |" not in text:
            cells = [cell.strip() for cell in text.strip("|").split("|")]
            parts = [[] if cell == "—" else cell.split(", ") for cell in cells]
            said = dict(zip(COLUMNS, parts, strict=True))
            found.append(said | {"method": f"{service}/{cells[0]}"})
    return found


def claims(said):
    """Return what a line says, one thing at a time."""
    return {(column, one) for column in COLUMNS[1:] for one in said[column]}


def whole(session):
    """Tell whether all tests of this folder are run."""
    here = Path(__file__).parent
    files = {item.path for item in session.items if item.path.parent == here}
    selected = session.config.getoption("keyword") or session.config.getoption("lf", default=False)
    return not selected and files >= set(here.glob("test_*.py"))
