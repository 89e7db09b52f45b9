"""B-38: into our own network nobody is sent, however the way there is written, named or bent."""

import socket

import pytest
from personae.actors.workers import outbound
from personae.actors.workers.outbound import Outbound

SPELLINGS = (
    "127.0.0.1", "127.1", "127.0.1", "127.127.127.127", "127.0.0.1.", "127.0.0.001",
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0177.1", "017700000001", "0.0.0.0", "0",
    "localhost", "LOCALHOST", "localhost.", "%6c%6f%63alhost", "127%2e0%2e0%2e1",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "\uff4cocalhost", "x@127.0.0.1", "9.9.9.9@127.0.0.1",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]",
)  # fmt: skip


def named(monkeypatch, *answers):
    """Let every name resolve to these addresses, one set after the other."""
    left = list(answers)

    class Names:
        async def resolve(self, host, port=0, family=socket.AF_INET):
            now = left.pop(0) if len(left) > 1 else left[0]
            return [
                {"hostname": host, "host": each, "port": port, "proto": 0, "flags": 0,
                 "family": socket.AF_INET6 if ":" in each else socket.AF_INET}
                for each in now
            ]  # fmt: skip

        async def close(self):
            pass

    monkeypatch.setattr(outbound, "ThreadedResolver", Names)


async def test_the_canary_would_notice(canary):
    assert await Outbound(private=True).call(f"http://127.0.0.1:{canary.port}/", data={}) == 204
    assert canary.seen == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_leads_inside(canary, host, scheme):
    url, careful = f"{scheme}://{host}:{canary.port}/", Outbound()
    assert await careful.call(url, data={}) == 0
    assert await careful.get(url, 100) is None
    assert canary.seen == 0


@pytest.mark.parametrize("host", [each.strip("[]") for each in SPELLINGS if "@" not in each])
async def test_no_spelling_of_a_host_leads_inside(canary, host):
    """Mail servers and directories are given as host and port."""
    with pytest.raises((OSError, UnicodeError)):
        await Outbound().addresses(host, canary.port)


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "::127.0.0.1"])
async def test_a_name_that_leads_inside_is_not_called(canary, monkeypatch, inside):
    named(monkeypatch, [inside])
    assert await Outbound().call(f"http://evil.test:{canary.port}/", data={}) == 0
    with pytest.raises(OSError):
        await Outbound().addresses("evil.test", canary.port)
    assert canary.seen == 0


async def test_a_name_that_changes_its_mind_gains_nothing(canary, monkeypatch):
    """DNS rebinding: what was looked at is what is connected to."""
    careful = Outbound()
    named(monkeypatch, ["192.0.2.1", "127.0.0.1"], ["127.0.0.1"])
    for _ in range(3):
        assert await careful.call(f"http://evil.test:{canary.port}/", data={}) == 0
    assert canary.seen == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_followed_elsewhere(canary, status):
    head = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{canary.port}/in\r\n"
    canary.answer = f"{head}Content-Length: 0\r\n\r\n".encode()
    url, near = f"http://127.0.0.1:{canary.port}/", Outbound(private=True)
    assert await near.call(url, data={}) == status
    assert await near.get(url, 100) is None
    assert canary.seen == 2


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "ftp://x/", "//x", "x", ""])
async def test_other_schemes_are_none(url):
    assert await Outbound(private=True).call(url, data={}) == 0


@pytest.mark.parametrize("url", ["http://[::1", "https://x\\@y/", "https://x:99999/"])
async def test_what_is_no_address_is_not_called(url):
    assert await Outbound(private=True).call(url, data={}) == 0
    assert await Outbound(private=True).get(url, 100) is None
