import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from typing import Literal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from personae.actors.domain.kit import UPCASTERS, Foreign, Refusal, event, upcast, wire
from personae.store.codec import CorruptEvent, decode, encode, to_json


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 0
    HIGH = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x_axis: int = 0
    label: str | None = "origin"


@event("codec.everything", "codec.older")
class Everything:
    user_id: str
    count: int = 0
    ratio: float = 0.0
    done: bool = False
    at: datetime | None = None
    day: date | None = None
    life: timedelta = timedelta(0)
    raw: bytes = b""
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    mode: Literal["a", "b"] = "a"
    names: tuple[str, ...] = ()
    pair: tuple[int, bytes] = (0, b"")
    roles: frozenset[str] = frozenset()
    point: Point = Point()
    points: tuple[Point, ...] = ()
    found: Point | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    by_name: dict[str, Point] = dataclasses.field(default_factory=dict)
    anything: object = None
    odd: str = wire("ODD", default="")


def text(**options):
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), **options)


numbers = st.integers(-(2**63), 2**64 - 1)
points = st.builds(Point, x_axis=numbers, label=st.none() | text())
everything = st.builds(
    Everything,
    user_id=text(),
    count=numbers,
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    done=st.booleans(),
    at=st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])),
    day=st.none() | st.dates(),
    life=st.timedeltas(timedelta(days=-3650), timedelta(days=3650)),
    raw=st.binary(),
    colour=st.sampled_from(Colour),
    level=st.sampled_from(Level),
    mode=st.sampled_from(["a", "b"]),
    names=st.lists(text()).map(tuple),
    pair=st.tuples(numbers, st.binary()),
    roles=st.frozensets(text()),
    point=points,
    points=st.lists(points).map(tuple),
    found=st.none() | points,
    labels=st.dictionaries(text(), text()),
    by_name=st.dictionaries(text(), points),
    anything=st.none() | st.booleans() | text() | st.lists(text()),
    odd=text(),
)


def stored(happened):
    name, payload = encode(happened)
    return name, orjson.loads(to_json(payload))


@settings(max_examples=60, deadline=None)
@given(everything)
def test_every_event_comes_back_as_it_was(happened):
    back = decode(*stored(happened))
    assert back == happened
    assert type(back.colour) is Colour
    assert type(back.found) is type(happened.found)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(text(), st.recursive(st.none() | text() | numbers, st.lists)))
def test_a_foreign_event_keeps_type_and_payload(payload):
    assert decode(*stored(Foreign("never.heard.of", payload))) == Foreign("never.heard.of", payload)


def test_defaults_are_left_out_and_keys_are_in_camel_case():
    assert stored(Everything(user_id="1")) == ("codec.everything", {"userId": "1"})
    assert stored(Everything(user_id="", point=Point(x_axis=2), odd="x"))[1] == {
        "userId": "", "point": {"xAxis": 2}, "ODD": "x",
    }  # fmt: skip


def test_values_have_the_forms_that_are_promised():
    happened = Everything(
        user_id="1", raw=b"\xff", level=Level.HIGH, life=timedelta(seconds=1.5),
        at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC), roles=frozenset("ba"),
    )  # fmt: skip
    assert stored(happened)[1] == {
        "userId": "1", "raw": "/w==", "level": 1, "life": 1_500_000_000,
        "at": "2026-01-02T03:04:05.000006+00:00", "roles": ["a", "b"],
    }  # fmt: skip


def test_unknown_keys_nulls_and_finer_times_of_others_are_read():
    payload = {"userId": "1", "new": 1, "count": None, "at": "2026-01-02T03:04:05.123456789Z"}
    happened = decode("codec.everything", payload)
    assert happened.count == 0
    assert happened.at == datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)


def test_older_names_and_older_payloads_are_lifted():
    @upcast("codec.older")
    def rename(payload):
        return {"userId": payload["id"]}

    try:
        assert decode("codec.older", {"id": "7"}) == Everything(user_id="7")
        assert encode(decode("codec.older", {"id": "7"}))[0] == "codec.everything"
    finally:
        del UPCASTERS["codec.older"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"userId": "1", "at": "soon"},
        {"userId": "1", "colour": "green"},
        {"userId": "1", "found": "soon"},
        {"userId": "1", "labels": "soon"},
    ],
)
def test_a_payload_that_does_not_fit_is_corrupt_and_its_values_stay_unsaid(payload):
    with pytest.raises(CorruptEvent) as corrupt:
        decode("codec.everything", payload)
    assert not {"soon", "green"} & set(str(corrupt.value).split())


@pytest.mark.parametrize("value", ["\0", "\\\0", "\ud800", 2**64, {"a": ["\0"]}, {"\0": 1}])
def test_what_postgresql_cannot_keep_is_refused(value):
    with pytest.raises(Refusal, match="REQUEST-Invalid"):
        to_json(value)


@pytest.mark.parametrize("value", ["\\u0000", "\\\\u0000", "a\\u0000b", "\x01"])
def test_what_only_looks_like_nul_is_kept(value):
    assert orjson.loads(to_json(value)) == value


def test_a_type_that_cannot_be_stored_is_found_at_the_first_use():
    @event("codec.impossible")
    class Impossible:
        either: int | bytes = 0

    with pytest.raises(TypeError, match="cannot hold"):
        encode(Impossible())
