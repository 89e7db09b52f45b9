"""Names that look alike or are written in several ways: one rule for who has, finds and guesses at one (FX-16)."""

import pytest

from tests.http.api.conftest import SESSION, USER

CREATE = f"{SESSION}/CreateSession"
MOST = 5
"""Wrong passwords that the lockout policy bears."""
SAME = {
    "case": ("gigi", "GIGI"),
    "sharp s": ("straße", "STRASSE"),
    "dotted capital I": ("i\u0307stanbul", "\u0130stanbul"),
    "final sigma": ("\u03bf\u03b4\u03bf\u03c3", "\u03bf\u03b4\u03bf\u03c2"),
    "Kelvin sign": ("kelvin", "\u212aelvin"),
    "full width": ("admin", "\uff41\uff44\uff4d\uff49\uff4e"),
    "ligature": ("fish", "\ufb01sh"),
    "composition": ("caf\u00e9", "cafe\u0301"),
    "blanks around": ("gigi", " gigi "),
    "order of marks": ("q\u0323\u0307", "q\u0307\u0323"),
}
OTHERS = {
    "dotted and plain i": ("\u0130lker", "ilker"),
    "dotless and plain i": ("\u0131lker", "ilker"),
    "Cyrillic a": ("\u0430dmin", "admin"),
    "dot at the end": ("gigi", "gigi."),
}
REFUSED = {
    "zero width": "gi\u200bgi",
    "joiner": "gi\u200dgi",
    "bidi": "gi\u202egi",
    "byte order mark": "\ufeffgigi",
    "filler": "gi\u3164gi",
    "tab": "gi\tgi",
    "NUL": "gi\0gi",
    "line": "gi\ngi",
    "256": "g" * 256,
}


async def signs_in(server, name, password="Secret-Word-1"):
    """Try to sign in under a name; returns what it is refused with, if it is."""
    checks = {"user": {"login_name": name}, "password": {"password": password}}
    got = await server.call(CREATE, checks=checks)
    return got["details"][0]["debug"]["id"] if "code" in got else ""


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
async def test_one_name_however_it_is_written(server, one, other):
    await server.human(one, human=human("first"))
    again = {"organization_id": "10", "username": other, "human": human("second")}
    assert await server.refused(f"{USER}/CreateUser", **again) == "USER-NameTaken"
    assert [await signs_in(server, name) for name in (one, other)] == ["", ""]
    for turn in range(MOST):
        assert await signs_in(server, (one, other)[turn % 2], "no") == "USER-PasswordWrong"
    assert [await signs_in(server, name) for name in (one, other)] == ["USER-NotActive"] * 2


@pytest.mark.parametrize(("one", "other"), OTHERS.values(), ids=OTHERS)
async def test_names_that_only_look_alike_are_two(server, one, other):
    await server.human(one, human=human("first"))
    assert await signs_in(server, other) == "USER-NotFound"
    await server.human(other, human=human("second"))
    assert [await signs_in(server, name) for name in (one, other)] == ["", ""]


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
async def test_names_that_cannot_be_read_are_refused(server, name):
    fields = {"organization_id": "10", "username": name, "human": human("first")}
    wanted = {"NAME-Unreadable", "NAME-TooLong", "REQUEST-InvalidField"}
    assert await server.refused(f"{USER}/CreateUser", **fields) in wanted
    assert await signs_in(server, name) in wanted | {"USER-NotFound"}


def human(mail):
    return {
        "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
        "email": {"email": f"{mail}@example.com", "is_verified": True},
        "password": {"password": "Secret-Word-1"},
    }
