"""Requests that are cheap to send and would be dear to answer: refused, or answered cheaply."""

import io
import json

import pytest
from personae.store.passwords import Passwords

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import USER
from tests.steps import steps

LIST = f"{USER}/ListUsers"
LONG = "a" * 65_536
CALLS = 10_000
"""Of functions, for the whole of a request and its client; what is dear takes millions."""

PROFILE = {"given_name": "Gigi", "family_name": "Giraffe"}
EMAIL = {"email": "gigi@example.com", "is_verified": True}


def user(username="gigi", **human):
    """Return the fields of a user to create."""
    person = {"profile": PROFILE, "email": EMAIL} | human
    return {"organization_id": ORG, "username": username, "human": person}


async def posted(server, method, body):
    """Return the status and the answer of a body as it is, and how many calls that took."""
    headers = server.headers() | {"Content-Type": "application/json"}
    body = body if isinstance(body, bytes) else body.encode()
    with steps() as spent:
        async with server.http.post(f"/{method}", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.json(), spent


def dumped(depth):
    """Return a filter tree as text, which the standard encoder refuses to nest so deep."""
    return '{"queries":[' + '{"notQuery":{"query":' * depth + "{}" + "}}" * depth + "]}"


@pytest.fixture
def no_hash(monkeypatch):
    def refuse(*_args):
        raise AssertionError("hashed")

    monkeypatch.setattr(Passwords, "hash", refuse)


@pytest.mark.parametrize(
    "fields",
    [
        user(username=LONG),
        user(email={"email": f"{LONG}@example.com"}),
        user(email={"email": "a@" + "a." * 30_000}),
        user(profile=PROFILE | {"nick_name": LONG}),
        user(phone={"phone": "+" + "1" * 65_000}),
        user(password={"password": "Aa1!" * 200_000}),
        user(password={"password": "Aa1!" * 51}),
    ],
    ids=["name", "mail", "dots", "nick name", "phone", "password", "password of 204"],
)
async def test_values_without_end_are_refused_before_anything_is_made_of_them(
    server, no_hash, fields
):
    status, got, spent = await posted(server, f"{USER}/CreateUser", json.dumps(fields))
    assert (status, got["code"]) == (400, "invalid_argument")
    assert got["details"][0]["debug"]["id"] == "REQUEST-InvalidField"
    assert spent.calls < CALLS


@pytest.mark.parametrize("depth", [11, 40, 1_000, 20_000])
async def test_trees_of_filters_are_refused_by_their_depth(server, depth):
    status, got, spent = await posted(server, LIST, dumped(depth))
    assert (status, got["code"]) == (400, "invalid_argument")
    assert spent.calls < CALLS


async def test_forests_of_filters_are_refused_by_their_number(server):
    each = {"userNameQuery": {"userName": "a", "method": "TEXT_QUERY_METHOD_CONTAINS"}}
    status, got, spent = await posted(server, LIST, json.dumps({"queries": [each] * 5_000}))
    assert status == 400
    assert got["details"][0]["debug"]["id"] in {"QUERY-TooComplex", "REQUEST-InvalidField"}
    assert spent.calls < 100 * 5_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": {"limit": NaN}}',
        b'{"query": {"limit": 18446744073709551616}}',
        b'{"query": {"limit": 1e999}}',
        b'{"username": "\\ud800"}',
        b'{"username": "\xff"}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"query": {"limit": ' + b"9" * 100_000 + b"}}",
    ],
    ids=["NaN", "2^64", "1e999", "surrogate", "UTF-8", "lists", "objects", "digits"],
)
async def test_json_that_is_none_is_the_caller_s_fault(server, body):
    status, got, spent = await posted(server, LIST, body)
    assert (status, got["code"]) == (400, "invalid_argument")
    assert spent.calls < CALLS


async def test_a_hundred_thousand_unknown_fields_are_passed_over(server):
    body = json.dumps({f"k{number}": number for number in range(100_000)})
    status, _, spent = await posted(server, LIST, body)
    assert status in {200, 413}
    assert spent.calls < CALLS


async def test_wishes_for_languages_without_end_are_read_in_time(server):
    wishes = ",".join(f"x{number};q=0.{number % 10}" for number in range(600))
    headers = server.headers() | {"Accept-Language": wishes}
    with steps() as spent:
        async with server.http.post(f"/{LIST}", json={}, headers=headers) as answer:
            assert answer.status == 200
    assert spent.calls < CALLS
