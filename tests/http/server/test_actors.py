"""The supervisor tree at /debug/actors: for programs, for people, and for nobody outside."""

import json
from html.parser import HTMLParser

from personae.config.texts import Texts
from personae.http.server import Tree

from tests.http.server.kit import fetch, running

TEXTS = Texts.load()
SEEN = {
    "name": "personae",
    "state": "running",
    "children": [
        {"name": "aggregates", "state": "running", "restarts": 0, "waiting": 3, "turns": 70,
         "turns_per_second": 12.5, "live": 9},
        {"name": "workers", "state": "running", "restarts": 0, "children": [
            {"name": "<mail>", "state": "restarting", "restarts": 4,
             "error": {"what": "OSError in run, line 3", "seconds_ago": 7.0}},
        ]},
    ],
}  # fmt: skip
TREE = Tree(
    seen=lambda: SEEN,
    words=lambda accept: TEXTS.tree(TEXTS.negotiate(accept, TEXTS.languages), "actors"),
)
BROWSER = "Accept: text/html,*/*\r\n"


class Table(HTMLParser):
    """The cells of a page's rows, and what it says of itself."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.attributes, self._cell = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.attributes.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._cell = tag

    def handle_endtag(self, tag):
        if tag == self._cell:
            self._cell = None

    def handle_data(self, data):
        if self._cell:
            self.rows[-1][-1] += data


async def page(headers=BROWSER):
    async with running(tree=TREE) as server:
        code, answer = await fetch(server.port, "/debug/actors", headers=headers)
    head, _, body = answer.encode("latin-1").decode().partition("\r\n\r\n")
    assert code == 200
    return head, body


async def test_programs_get_json():
    head, body = await page(headers="")
    assert "application/json" in head
    assert json.loads(body) == SEEN


async def test_people_get_a_table_with_every_part():
    _, body = await page()
    rows = Table(body).rows
    assert rows[0] == ["Part", "State", "Restarts", "Messages waiting", "Turns per second",
                       "Last error", "More"]  # fmt: skip
    assert rows[2] == ["personae / aggregates", "running", "0", "3", "12.5", "", "live 9"]
    assert rows[4] == ["personae / workers / <mail>", "restarting", "4", "", "",
                       "OSError in run, line 3, 7 s ago", ""]  # fmt: skip


async def test_the_page_is_one_that_screen_readers_and_a_strict_policy_like():
    head, body = await page()
    tags = Table(body).attributes
    assert ("html", {"lang": "en"}) in tags
    assert {tag for tag, _ in tags} >= {"main", "h1", "caption", "thead", "tbody"}
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    assert not any(
        name.startswith("on") or name in {"style", "http-equiv"}
        for _, attributes in tags
        for name in attributes
    )
    assert "<script" not in body
    assert "default-src 'none'" in head
    assert "no-store" in head


async def test_the_page_speaks_german():
    _, body = await page(BROWSER + "Accept-Language: de-AT,en;q=0.5\r\n")
    assert '<html lang="de">' in body
    assert "startet neu" in body


async def test_outsiders_and_whoever_comes_through_an_undeclared_proxy_find_nothing():
    async with running(tree=TREE, debug_networks=("10.0.0.0/8",)) as server:
        assert (await fetch(server.port, "/debug/actors"))[0] == 404
    async with running(tree=TREE) as server:
        forwarded = "X-Forwarded-For: 9.9.9.9\r\n"
        assert (await fetch(server.port, "/debug/actors", headers=forwarded))[0] == 404
