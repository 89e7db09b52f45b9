import re
from itertools import product
from os import environ
from pathlib import Path

import pytest
from personae.actors import domain
from personae.actors.domain.feature.events import RESET, SET, Level
from personae.actors.domain.kit import EVENTS, name_of

from tests.architecture import ROOT
from tests.architecture.events_page import PAGE, page

BEHAVIOUR = Path(environ.get("SHARED", ROOT.parent / "shared")) / "reference" / "behaviour.md"

BELOW = (Level.ORG, Level.USER)
OURS = {
    "auth_request.pushed.opened",  # the reference system has no pushed requests (RFC 9126)
    *(name_of(SET[key]) for key in SET if key[0] in BELOW),  # it has features down to instances
    *(name_of(RESET[level]) for level in BELOW),
    "project.application.config.oauth.changed",
    "session.recovery.code.checked",
    "session_logout.back_channel.tried",
    "session_logout.front_channel.registered",
    *(f"user.consent.{what}" for what in ("given", "withdrawn")),
    "user.human.password.code.check.failed",
    *(f"target.key.{what}" for what in ("added", "activated", "deactivated", "removed")),
    *(
        f"user.human.mfa.recovery.codes.{what}"
        for what in ("added", "removed", "check.succeeded", "check.failed")
    ),
    *(
        f"user.externalidp.{what}" for what in ("added", "removed")
    ),  # older names of ``user.human.…``
}
"""Names of things that the reference's table of events does not have."""


def test_the_page_of_events_is_fresh():
    assert PAGE.read_text() == page(), "run python -m tests.architecture.events_page"


@pytest.mark.skipif(not BEHAVIOUR.exists(), reason="the reference is not beside the repository")
def test_an_event_has_a_name_of_the_reference_system_unless_it_has_no_such_thing():
    domain.load()
    known = set(reference_names(BEHAVIOUR.read_text()))
    assert len(known) > 500
    shipped = {name for name, cls in EVENTS.items() if cls.__module__.startswith("personae.")}
    assert shipped - known == OURS


def reference_names(text):
    """Yield the names in section 4.1, brace forms expanded."""
    table = text.split("### 4.1 ")[1].split("### 4.2 ")[0]
    for form in re.findall(r"`([^`]+)`", table):
        parts = [part.split(",") for part in re.split(r"[{}]", form)]
        yield from map("".join, product(*parts))


def test_brace_forms_are_expanded():
    assert list(reference_names("### 4.1 x `a.{b,c}.d` `e` ### 4.2 ")) == ["a.b.d", "a.c.d", "e"]
