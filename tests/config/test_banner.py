import io
from pathlib import Path

import pytest
from personae.config.banner import BannerInfo, banner


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(out, password=None):
    info = BannerInfo("1.0", "http://localhost:8080", "admin@personae.localhost", Path("/data"),
                      admin_password=password)  # fmt: skip
    banner(info, out)
    return out.getvalue()


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_the_banner_says_where_everything_is(out, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    text = printed(out())
    for path in (
        "/ui/login",
        "/.well-known/openid-configuration",
        "/openapi.json",
        "/debug/metrics",
    ):
        assert f"http://localhost:8080{path}" in text
    assert "/data" in text
    assert "admin@personae.localhost" in text


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_a_made_up_password_is_shown_as_it_is(out, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert "[b]x-1!" in printed(out(), password="[b]x-1!")


def test_a_password_that_was_chosen_is_not_shown():
    assert "with the password you chose" in printed(io.StringIO())


def test_outside_a_terminal_lines_are_plain():
    assert printed(io.StringIO()).isascii()
