"""What surrounds every request: origin, headers, last resort, probes, metrics."""

import asyncio
import os
import re
import subprocess
import sys

import pytest
from personae.actors.domain.kit import Code, Reason, Refusal
from personae.http.server import Faults
from personae.http.server.faults import as_fault
from personae.http.server.origin import Networks
from personae.http.server.static import Static
from prometheus_client.parser import text_string_to_metric_families

from tests.http.server.kit import HOST, QUICK, fetch, running, send, status


async def test_every_answer_carries_a_request_id():
    async with running() as server:
        ids = {
            re.search(r"X-Request-Id: (\S+)", (await fetch(server.port, p))[1])[1]
            for p in ("/", "/page", "/none")
        }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-DEF_1.2345", True), ("short", False), ("a" * 65, False), ("a b c d e f", False)],
)
async def test_only_a_harmless_request_id_is_kept(given, kept):
    async with running() as server:
        _, answer = await fetch(server.port, "/", headers=f"X-Request-Id: {given}\r\n")
    assert (f"X-Request-Id: {given}\r\n" in answer) is kept


async def test_pages_get_security_headers():
    """AV-25, AV-27, AV-28."""
    async with running(external_secure=True) as server:
        _, answer = await fetch(server.port, "/page")
    assert "X-Content-Type-Options: nosniff" in answer
    assert "Referrer-Policy: same-origin" in answer
    assert "Cross-Origin-Opener-Policy: same-origin" in answer
    assert "frame-ancestors 'none'" in answer
    assert "Strict-Transport-Security: max-age=63072000; includeSubDomains" in answer


async def test_no_answer_names_the_software():
    """P-35, AV-47."""
    async with running() as server:
        for path in ("/", "/page", "/none", "/broken", "/streamed"):
            _, answer = await fetch(server.port, path)
            assert not re.search(r"^Server:|aiohttp|Python", answer, re.MULTILINE)
        answer, _ = await send(
            server.port, b"GET / HTTP/1.1\r\n" + HOST + b"Expect: nonsense\r\n\r\n", wait=0.3
        )
        assert (status(answer), b"Server:" in answer, b"X-Request-Id" in answer) == (
            417,
            False,
            True,
        )


@pytest.mark.parametrize(
    ("path", "method", "expected", "reason"),
    [
        ("/none", "GET", 404, "HTTP-NotFound"),
        ("/page", "DELETE", 405, "HTTP-MethodNotAllowed"),
        ("/any", "TRACE", 405, "HTTP-MethodNotAllowed"),
        ("/broken", "GET", 500, "HTTP-Internal"),
    ],
)
async def test_the_last_resort_speaks_json_to_programs_and_html_to_browsers(
    path, method, expected, reason
):
    """AV-54: generic, and never a trace."""
    async with running() as server:
        code, answer = await fetch(server.port, path, method)
        assert (code, f"({reason})" in answer, "application/json" in answer) == (
            expected,
            True,
            True,
        )
        code, answer = await fetch(server.port, path, method, "Accept: text/html\r\n")
        assert (code, f"({reason})" in answer, "text/html" in answer) == (expected, True, True)
        assert "secret" not in answer
        assert "Traceback" not in answer


async def test_405_names_the_allowed_methods():
    """AV-31."""
    async with running() as server:
        _, answer = await fetch(server.port, "/page", "DELETE")
    assert "Allow: GET,HEAD" in answer


async def test_wiring_gives_the_page_and_the_words():
    faults = Faults(
        lambda request, code, reason, words: f"{code} {words}",
        lambda refusal, request: "Hier ist nichts",
    )
    async with running(faults=faults) as server:
        _, answer = await fetch(server.port, "/none", headers="Accept: text/html\r\n")
    assert answer.endswith("404 Hier ist nichts")


def test_a_refusal_that_escapes_a_door_keeps_its_id_and_what_fills_its_sentence():
    fault = as_fault(Refusal(Reason("USER-NameTaken", Code.ALREADY_EXISTS), {"name": "ada"}))
    assert (fault.status, fault.refusal.id) == (409, "USER-NameTaken")
    assert fault.refusal.params == {"name": "ada"}


async def test_a_handler_past_its_deadline_is_ended():
    """P-36: an own deadline per request."""
    seen = {}
    async with running(QUICK, seen=seen) as server:
        code, answer = await fetch(server.port, "/slow?for=5")
    assert (code, "HTTP-Deadline" in answer, seen) == (504, True, {"started": 1})


async def test_a_handler_runs_on_when_the_client_leaves():
    """P-36: aiohttp's handler_cancellation stays off."""
    seen = {}
    async with running(seen=seen) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.3)
    assert seen == {"started": 1, "ended": 1}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ((), "9.9.9.9", "127.0.0.1"),
        (("127.0.0.1",), "9.9.9.9", "9.9.9.9"),
        (("127.0.0.1",), "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (("127.0.0.1", "10.0.0.0/8"), "6.6.6.6, 9.9.9.9, 10.1.1.1", "9.9.9.9"),
        (("127.0.0.1",), "nonsense", "127.0.0.1"),
    ],
)
async def test_the_client_address_comes_from_trusted_hops_only(trusted, forwarded, client):
    """AV-32, AV-51."""
    async with running(trusted_proxies=trusted) as server:
        _, answer = await fetch(server.port, "/", headers=f"X-Forwarded-For: {forwarded}\r\n")
    assert f'"client_ip": "{client}"' in answer


@pytest.mark.parametrize(
    ("trusted", "host"), [((), "id.example.com"), (("127.0.0.1",), "outer.example.com")]
)
async def test_the_forwarded_host_counts_from_a_trusted_proxy_only(trusted, host):
    """P-33, AV-32."""
    async with running(trusted_proxies=trusted) as server:
        _, answer = await fetch(server.port, "/", headers="X-Forwarded-Host: outer.example.com\r\n")
    assert f'"host": "{host}"' in answer


def test_addresses_mapped_into_ipv6_are_recognised():
    assert Networks(("127.0.0.0/8",)).holds("::ffff:127.0.0.1")
    assert not Networks(("127.0.0.0/8",)).holds("/tmp/socket")


# probes


async def test_health_is_ok():
    async with running() as server:
        code, answer = await fetch(server.port, "/debug/healthz")
    assert (code, answer.endswith("ok")) == (200, True)


async def fine():
    pass


async def refused():
    raise ConnectionRefusedError("password=hunter2")


async def hanging():
    await asyncio.sleep(60)


async def test_ready_tells_which_check_failed_and_no_secret():
    async with running(checks={"database": refused, "views": hanging, "keys": fine}) as server:
        server.readiness._limit = 0.1
        code, answer = await fetch(server.port, "/debug/ready")
    assert code == 412
    assert answer.endswith(
        '{"ready":false,"reasons":{"database":"ConnectionRefusedError","views":"no answer in time"}}'
    )


async def test_ready_is_200_when_all_checks_pass():
    async with running(checks={"keys": fine}) as server:
        assert (await fetch(server.port, "/debug/ready"))[0] == 200


async def test_metrics_count_by_route_template():
    """P-34: labels come from the matched route, so no client can invent new ones."""
    async with running() as server:
        for path in ("/users/1", "/users/2", "/%75sers/3", "/none/1", "/none/2"):
            await fetch(server.port, path)
        _, answer = await fetch(server.port, "/debug/metrics")
    text = answer.partition("\r\n\r\n")[2]
    families = {f.name: f for f in text_string_to_metric_families(text)}
    durations = families["http_server_request_duration_seconds"].samples
    counts = {s.labels["route"]: s.value for s in durations if s.name.endswith("_count")}
    assert counts == {"/users/{id}": 3, "unmatched": 2}


@pytest.mark.parametrize(
    "path", ["/debug/metrics", "/%64ebug/metrics", "/debug%2Fmetrics", "//debug/metrics"]
)
async def test_metrics_are_for_insiders_however_the_path_is_spelt(path):
    """P-34, AV-34, AV-47."""
    async with running(debug_networks=("10.0.0.0/8",)) as server:
        code, answer = await fetch(server.port, path)
    assert (code, "http_server" in answer) == (404, False)


async def test_metrics_are_not_shown_through_an_undeclared_proxy():
    """AV-47."""
    async with running() as server:
        code, _ = await fetch(server.port, "/debug/metrics", headers="X-Forwarded-For: 9.9.9.9\r\n")
    assert code == 404


# static files


def folder(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.css").write_text("p{}")
    (tmp_path / "secret").write_text("42")
    (tmp_path / "files" / "link").symlink_to(tmp_path / "secret")
    return Static.load(tmp_path / "files")


@pytest.mark.parametrize(
    "path", ["../secret", "%2e%2e/secret", "..%2Fsecret", "link", "", "/etc/passwd", "a.css/"]
)
async def test_only_files_loaded_at_the_start_are_served(tmp_path, path):
    """P-39 (OA-38)."""
    static = folder(tmp_path)
    async with running(routes=static.routes("/static")) as server:
        code, answer = await fetch(server.port, f"/static/{path}")
    assert (code, "42" in answer.rpartition("\r\n\r\n")[2]) == (404, False)


async def test_a_static_file_is_cached_for_good_under_its_hash(tmp_path):
    static = folder(tmp_path)
    url = static.url("/static", "a.css")
    async with running(routes=static.routes("/static")) as server:
        code, answer = await fetch(server.port, url)
        assert (code, "immutable" in answer, "Content-Type: text/css" in answer) == (
            200,
            True,
            True,
        )
        etag = re.search(r'ETag: ("\w+")', answer)[1]
        assert (await fetch(server.port, "/static/a.css", headers=f"If-None-Match: {etag}\r\n"))[
            0
        ] == 304
        assert "no-cache" in (await fetch(server.port, "/static/a.css"))[1]


# the runtime

CHECK = "from personae.http.server.lifecycle import refuse_unsafe_runtime; refuse_unsafe_runtime()"


@pytest.mark.parametrize(
    ("flags", "env", "says"), [(["-O"], {}, "-O"), ([], {"AIOHTTP_NO_EXTENSIONS": "1"}, "C parser")]
)
def test_an_unsafe_runtime_is_refused(flags, env, says):
    """P-40."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", CHECK],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]


async def test_bodies_that_are_no_json_are_the_callers_fault():
    """P-37: orjson refuses depth instead of recursing; its refusal is a 400."""
    async with running() as server:
        for body in (b"[" * 200_000, b"{", b"NaN", b'"\xff"', b'"\\ud800"'):
            code, answer = await fetch(server.port, "/json", "POST", body=body)
            assert (code, "HTTP-BadRequest" in answer) == (400, True)
            assert '"details":[{"@type":"type.googleapis.com/zitadel.v1.ErrorDetail"' in answer
        assert (await fetch(server.port, "/json", "POST", body=b'{"a":1}'))[0] == 200
