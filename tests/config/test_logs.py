import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from personae.config.load import load
from personae.config.logs import MASK, configure, is_secret, masked

SECRET = "Zq9-very-secret"


@pytest.fixture
def lines():
    """Configure logging as JSON; call to read the lines written so far."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    out = io.StringIO()
    configure(load(environ={"PERSONAE_LOGGING__FORMAT": "json"}).settings.logging, out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "key",
    ["password", "newPassword", "client_secret", "access_token", "code", "Set-Cookie", "Authorization",
     "private_key", "masterKey", "userCode", "code_verifier"],
)  # fmt: skip
def test_secret_looking_keys_are_recognised(key):
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "token_id",
        "status_code",
        "key_id",
        "user_name",
        "token_type",
        "codec",
        "event",
        "error_code",
    ],
)
def test_harmless_keys_stay_readable(key):
    assert not is_secret(key)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["password", "refreshToken", "cookie"]))
def test_a_secret_is_masked_wherever_it_lies(around, key):
    line = {"a": [around, {"b": {key: SECRET, "c": around}}], key: {"deep": SECRET}}
    assert SECRET not in repr(masked(line))


def test_a_structure_without_end_is_cut():
    endless = {}
    endless["again"] = endless
    assert "…" in repr(masked(endless))


@pytest.mark.parametrize(
    "text",
    ["GET /callback?state=1&code={}&a=b", "Authorization: Bearer {}", "authorization=Basic {}",
     "sent with Bearer {}", '{{"password": "{} more"}}', "client_secret='{}'", "Cookie: {}", "password='cut {}"],
)  # fmt: skip
def test_secrets_inside_texts_are_masked(text):
    assert SECRET not in masked(text.format(SECRET))
    assert MASK in masked(text.format(SECRET))


@pytest.mark.parametrize(
    "text",
    ["answered with status code: 404", "Bearer token missing", "basic settings: done", "12:30:59Z"],
)
def test_harmless_texts_stay_readable(text):
    assert masked(text) == text


def test_what_a_library_logs_is_masked_too(lines):
    logging.getLogger("some.library").warning("GET /callback?code=%s&state=1", SECRET)
    assert lines()[0]["event"] == f"GET /callback?code={MASK}&state=1"


def test_objects_are_masked_in_their_text_form(lines):
    structlog.get_logger("room").info("sent", message=Message("two words"))
    assert lines()[0]["message"] == f"Message(password={MASK})"


class Message:
    def __init__(self, password):
        self.password = password

    def __repr__(self):
        return f"Message(password={self.password!r})"


def test_every_line_carries_the_request_id(lines):
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("room").info("ours", number=1)
        logging.getLogger("library").warning("theirs %d", 2)
    ours, theirs = lines()
    assert (ours["request_id"], theirs["request_id"]) == ("r1", "r1")
    assert (ours["event"], ours["number"], ours["level"], ours["logger"]) == (
        "ours",
        1,
        "info",
        "room",
    )
    assert (theirs["event"], theirs["level"]) == ("theirs 2", "warning")


def test_a_traceback_holds_no_local_variables(lines):
    password = SECRET
    try:
        int(f"after {len(password)}")
    except ValueError:
        structlog.get_logger("room").exception("failed")
    (line,) = lines()
    assert line["exception"][0]["exc_value"].endswith("'after 15'")
    assert SECRET not in json.dumps(line)


def test_a_line_break_in_a_value_makes_no_second_line(lines):
    structlog.get_logger("room").info("login", user="a\n{'event': 'forged'}")
    assert len(lines()) == 1


def test_debug_lines_and_chatty_libraries_are_left_out(lines):
    structlog.get_logger("room").debug("detail")
    logging.getLogger("asyncio").info("chat")
    assert lines() == []


def test_console_lines_are_masked_too(lines):
    out = io.StringIO()
    configure(load(environ={"PERSONAE_LOGGING__FORMAT": "console"}).settings.logging, out)
    try:
        int("password=" + SECRET)
    except ValueError:
        structlog.get_logger("room").exception("failed", token=SECRET)
    assert "ValueError" in out.getvalue()
    assert SECRET not in out.getvalue()
