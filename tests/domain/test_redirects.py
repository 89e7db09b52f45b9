import pytest
from hypothesis import given
from hypothesis import strategies as st
from personae.actors.domain.project.redirects import acceptable, registered
from personae.actors.domain.project.values import ApplicationType

WEB, AGENT, NATIVE = ApplicationType.WEB, ApplicationType.USER_AGENT, ApplicationType.NATIVE
KNOWN = (
    "https://app.example.com/cb?next=1",
    "https://app.example.com",
    "http://localhost:3000/cb",
    "http://127.0.0.1/cb",
    "http://[::1]/cb",
    "com.example.app:/done",
)
MUTATIONS = [
    "HTTPS://app.example.com/cb?next=1",
    "https://APP.example.com/cb?next=1",
    "https://app.example.com/CB?next=1",
    "https://app.example.com/cb?NEXT=1",
    "https://app.example.com/cb?next=1&next=1",
    "https://app.example.com/cb?next=2",
    "https://app.example.com/cb?",
    "https://app.example.com/cb",
    "https://app.example.com/cb/?next=1",
    "https://app.example.com//cb?next=1",
    "https://app.example.com/cb?next=1#",
    "https://app.example.com/cb?next=1#x",
    "https://app.example.com/cb?next=1%23",
    "https://app.example.com/",
    "https://app.example.com?",
    "https://app.example.com.",
    "https://app.example.com./cb?next=1",
    "https://app.example.com:443/cb?next=1",
    "https://app.example.com:8443/cb?next=1",
    "https://app.example.com:/cb?next=1",
    "https://app.example.com:99999/cb?next=1",
    "https://evil.example/cb?next=1",
    "https://app.example.com.evil.example/cb?next=1",
    "https://evilapp.example.com/cb?next=1",
    "https://example.com/cb?next=1",
    "https://app.example.com@evil.example/cb?next=1",
    "https://evil.example@app.example.com/cb?next=1",
    "https://@app.example.com/cb?next=1",
    "https://user:pass@app.example.com/cb?next=1",
    "https://app.example.com/%2e%2e/cb?next=1",
    "https://app.example.com/x/%2e%2e/cb?next=1",
    "https://app.example.com/x/../cb?next=1",
    "https://app.example.com/./cb?next=1",
    "https://app.example.com/..;/cb?next=1",
    "https://app.example.com/;/cb?next=1",
    "https://app.example.com/c%62?next=1",
    "https://app.example.com/cb;x?next=1",
    "https://app.example.com\\@evil.example/cb?next=1",
    "https://app.example.com\\cb?next=1",
    "https:\\\\app.example.com/cb?next=1",
    "https:/app.example.com/cb?next=1",
    "https:app.example.com/cb?next=1",
    "//app.example.com/cb?next=1",
    "/cb?next=1",
    "http://app.example.com/cb?next=1",
    "javascript:alert(1)",
    "javascript://app.example.com/cb?next=1",
    "JAVASCRIPT:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example.com/x",
    "about:blank",
    "http://localhost/cb/",
    "http://LOCALHOST:3000/cb",
    "HTTP://localhost:3000/cb",
    "http://localhost:3000/cb#",
    "http://localhost:3000/cb#x",
    "http://localhost:3000/cb?",
    "http://localhost:3000/CB",
    "http://localhost.:3000/cb",
    "http://localhost.evil.example:3000/cb",
    "http://localhost@evil.example:3000/cb",
    "http://x@localhost:3000/cb",
    "http://localhost:3000@evil.example/cb",
    "http://localhost:/cb",
    "http://localhost:999999/cb",
    "http://localhost:99999/cb",
    "http://localhost:-1/cb",
    "http://127.0.0.2/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0x7f.0.0.1/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://[::2]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "http://[::1%25x]/cb",
    "https://localhost:3000/cb",
    "com.example.app:/done/",
    "com.example.app:done",
    "com.example.app://done",
    "COM.example.app:/done",
    "com.example.app:/done?x",
    "*",
]
HIDDEN = ["\t", "\n", "\r", "\0", " ", "\x7f", "\\"]


@pytest.mark.parametrize("kind", list(ApplicationType))
@pytest.mark.parametrize("uri", KNOWN)
def test_a_registered_uri_is_accepted_as_it_is(uri, kind):
    assert registered(uri, KNOWN, kind)


@pytest.mark.parametrize("dev_mode", [False, True])
@pytest.mark.parametrize("kind", list(ApplicationType))
@pytest.mark.parametrize("uri", MUTATIONS)
def test_nothing_that_looks_like_a_registered_uri_is_accepted(uri, kind, dev_mode):
    """OP-01."""
    assert not registered(uri, KNOWN, kind, dev_mode=dev_mode)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("at", [0, 5, 8, 20, len(KNOWN[0])])
def test_no_control_character_hides_in_a_uri(hidden, at):
    uri = KNOWN[0][:at] + hidden + KNOWN[0][at:]
    assert not registered(uri, KNOWN, NATIVE, dev_mode=True)
    assert not registered(uri, (uri,), NATIVE, dev_mode=True)
    assert not acceptable(uri, NATIVE, dev_mode=True)


@pytest.mark.parametrize(
    "uri", ["http://localhost:{}/cb", "http://127.0.0.1:{}/cb", "http://[::1]:{}/cb"]
)
def test_only_native_applications_come_back_to_any_port_of_loopback(uri):
    """RFC 8252, 7.3."""
    assert registered(uri.format(51004), KNOWN, NATIVE)
    assert not registered(uri.format(51004), KNOWN, WEB)
    assert not registered(uri.format(51004), KNOWN, AGENT)


def test_the_loopback_address_itself_stays():
    assert not registered("http://127.0.0.1:1/cb", ("http://localhost/cb",), NATIVE)
    assert not registered("http://127.0.0.1:1/cb", ("http://127.0.0.1/other",), NATIVE)


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "JavaScript:x"])
def test_what_a_browser_would_run_is_refused_even_when_a_history_registered_it(uri):
    assert not registered(uri, (uri,), NATIVE, dev_mode=True)


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("https://*.example.com/cb", "https://pr-1.example.com/cb"),
        ("http://localhost:3000/*", "http://localhost:3000/cb"),
        ("http://localhost:*/cb", "http://localhost:3000/cb"),
        ("https://x.test/**", "https://x.test/a/b/c"),
        ("https://x.test/cb?next=*", "https://x.test/cb?next=1"),
    ],
)
def test_patterns_fit_in_the_development_mode_only(pattern, uri):
    assert registered(uri, (pattern,), WEB, dev_mode=True)
    assert registered(uri, (pattern,), NATIVE, dev_mode=True)
    assert not registered(uri, (pattern,), WEB)


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("https://*.example.com/cb", "https://evil.example/x.example.com/cb"),
        ("https://*.example.com/cb", "https://evil.example?.example.com/cb"),
        ("https://*.example.com/cb", "https://evil.example#.example.com/cb"),
        ("https://*.example.com/cb", "https://evil.example:80.example.com/cb"),
        ("https://*.example.com/cb", "https://x@evil.example/.example.com/cb"),
        ("https://**.example.com/cb", "https://evil.example/.example.com/cb"),
        ("https://x.test/*", "https://x.test/a/b"),
        ("https://x.test/cb?next=*", "https://x.test/cbxnext=1"),
        ("https://x.test/[ab]", "https://x.test/a"),
        ("*", "https://evil.example/"),
    ],
)
def test_a_star_stays_in_its_part_of_the_uri(pattern, uri):
    assert not registered(uri, (pattern,), WEB, dev_mode=True)


@pytest.mark.parametrize(
    ("uri", "kind", "dev_mode", "expected"),
    [
        ("https://x.test/cb", WEB, False, True),
        ("https:///cb", WEB, False, False),
        ("https://x.test/cb#x", WEB, False, False),
        ("https://x.test:70000/", WEB, False, False),
        ("https://[::1/", WEB, False, False),
        ("https://a@x.test/", WEB, False, False),
        ("https://x.test/" + "a" * 2048, WEB, False, False),
        ("http://localhost/cb", WEB, False, True),
        ("http://x.test/cb", WEB, False, False),
        ("http://x.test/cb", WEB, True, True),
        ("http:///cb", WEB, True, False),
        ("com.example.app:/done", NATIVE, False, True),
        ("com.example.app:/done", AGENT, True, False),
        ("javascript:alert(1)", NATIVE, True, False),
        ("/cb", NATIVE, True, False),
        ("", NATIVE, True, False),
    ],
)
def test_what_may_be_registered(uri, kind, dev_mode, expected):
    assert acceptable(uri, kind, dev_mode=dev_mode) is expected


@given(st.text(max_size=60), st.sampled_from(KNOWN), st.integers(0, 40), st.integers(0, 40))
def test_no_change_of_a_registered_uri_is_accepted(put, known, at, length):
    changed = known[:at] + put + known[at + length :]
    if changed not in KNOWN:
        assert not registered(changed, KNOWN, WEB)
        assert not registered(changed, KNOWN, AGENT)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_surprise(text):
    for kind in ApplicationType:
        assert acceptable(text, kind, dev_mode=True) in {True, False}
        assert not registered(text, ("https://x.test/cb",), kind, dev_mode=True)
