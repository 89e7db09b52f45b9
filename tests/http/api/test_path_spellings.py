"""ZA-44, P-34: however a path is spelt, nobody comes past the door without a token."""

import re
from itertools import cycle

import pytest
from personae.http import wire
from yarl import URL

ENCODED = "".join(f"%{ord(each):02x}" for each in "zitadel")


def encoded(path, which, *, upper=False, twice=False):
    """Percent-encode one letter of a path."""
    spelt = f"%{'25' if twice else ''}{ord(path[which]):02{'X' if upper else 'x'}}"
    return path[:which] + spelt + path[which + 1 :]


WAYS = {
    "a letter": lambda path: encoded(path, 1),
    "a letter, upper case": lambda path: encoded(path, len(path) - 1, upper=True),
    "a letter twice": lambda path: encoded(path, 1, twice=True),
    "a slash": lambda path: path[0] + path[1:].replace("/", "%2f", 1),
    "a slash, upper case": lambda path: path[0] + path[1:].replace("/", "%2F"),
    "two slashes": lambda path: "/" + path,
    "two slashes inside": lambda path: path[0] + path[1:].replace("/", "//", 1),
    "a dot": lambda path: "/." + path,
    "an encoded dot": lambda path: "/%2e" + path,
    "back and forth": lambda path: "/x/.." + path,
    "back and forth, encoded": lambda path: "/x/%2e%2e" + path,
    "past the health check": lambda path: "/debug/healthz/.." + path,
    "past the health check, encoded": lambda path: "/debug/healthz/%2e%2e" + path,
    "a parameter": lambda path: path + ";x=1",
    "a parameter of a dot": lambda path: "/..;" + path,
    "a slash at the end": lambda path: path + "/",
    "a dot at the end": lambda path: path + "/.",
    "a space at the end": lambda path: path + "%20",
    "a zero at the end": lambda path: path + "%00",
    "a line at the end": lambda path: path + "%0d%0a",
    "a fragment at the end": lambda path: path + "%23",
    "a question at the end": lambda path: path + "%3f",
    "a query": lambda path: path + "?access_token=x",
    "capitals": str.upper,
    "a backslash": lambda path: path[0] + path[1:].replace("/", "%5c", 1),
    "a file": lambda path: path + ".json",
}
OUTSIDE = {400, 401, 404, 405, 415}


def targets():
    """Return the addresses of every method that asks for a token: REST and Connect."""
    found = []
    for name, method in wire.METHODS.items():
        if method.permission:
            found += [
                (each.verb, re.sub(r"\{[^}]*\}", "1", each.template)) for each in method.routes
            ]
            found.append(("POST", f"/{name}"))
    return found


async def status(server, verb, path, **headers):
    """Ask with exactly this path: the client must not tidy it up."""
    url = URL(f"http://127.0.0.1:{server.http._base_url.port}{path}", encoded=True)
    body = {} if verb in {"GET", "DELETE"} else {"json": {}}
    async with server.http.request(
        verb, url, headers=headers, allow_redirects=False, **body
    ) as got:
        return got.status, await got.text()


async def test_each_method_asks_for_a_token_however_it_is_spelt(server):
    ways = cycle(WAYS.items())
    wrong = []
    for verb, path in targets():
        for name, way in (("as it is", str), next(ways), next(ways), next(ways)):
            found, _ = await status(server, verb, way(path))
            if found not in OUTSIDE:
                wrong.append((verb, path, name, found))
    assert len(targets()) > 500
    assert wrong == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_spelling_leads_nowhere_or_to_the_same_door(server, way):
    """With a token too: what is routed was asked for permission by the very method it reaches."""
    verb, path = "GET", "/v2/users/101"
    mine, other = server.headers(), server.headers("103")
    assert (await status(server, verb, path, **mine))[0] == 200
    spelt = WAYS[way](path)
    found, text = await status(server, verb, spelt, **other)
    assert found in OUTSIDE, text
    assert "userName" not in text
