"""Questions: filters by descriptor, order, pages, permission, against PostgreSQL."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from personae.actors.domain.kit import Refusal
from personae.projections.kit import (
    ALL,
    Allowed,
    Condition,
    Question,
    opened,
    sealed,
    text,
    undeclared,
)
from personae.projections.kit.asking import ask
from personae.projections.kit.question import statement

from tests.projections.messages import SearchQuery
from tests.projections.people import BADGES, START, BadgeGiven, PersonAdded, people_table

PEOPLE = people_table(1)
PEOPLE.filters(
    name_query="name",
    age_query="age",
    happy_query="happy",
    in_ids_query="id",
    tag_query="tags",
    born_query="born",
    badge_query=BADGES.via("person_id", "badge"),
    plain="name",
)
ALPHABET = "aAbBäÄß%_\\'\" "
METHODS = [
    lambda value, part: value == part,
    lambda value, part: value.lower() == part.lower(),
    lambda value, part: value.startswith(part),
    lambda value, part: value.lower().startswith(part.lower()),
    lambda value, part: part in value,
    lambda value, part: part.lower() in value.lower(),
    lambda value, part: value.endswith(part),
    lambda value, part: value.lower().endswith(part.lower()),
]
MOMENTS = [
    lambda a, b: a == b, lambda a, b: a > b, lambda a, b: a >= b, lambda a, b: a < b,
    lambda a, b: a <= b,
]  # fmt: skip


def word(dice, length):
    return "".join(dice.choice(ALPHABET) for _ in range(dice.randrange(length)))


@pytest.fixture
async def people(process, writer):
    """Sixty people with random names, tags and birthdays, and what asks about them."""
    dice = random.Random(7)
    known = {}
    async with process() as projections:
        for number in range(60):
            person = PersonAdded(
                name=word(dice, 6),
                age=dice.randrange(4),
                tags=tuple(word(dice, 3) for _ in range(dice.randrange(3))),
                born=dice.choice([None, START + timedelta(days=dice.randrange(3))]),
            )
            known[f"p{number:02}"] = person
            await writer.add(f"p{number:02}", person, owner=f"org{number % 3}")
        await projections.reached(PEOPLE, "i1", 60)
        yield known, projections


async def ids(projections, *filters, **options):
    question = Question(
        **{"table": PEOPLE, "instance_id": "i1", "allowed": ALL, "filters": filters} | options
    )
    page = await projections.ask(question)
    assert page.total >= len(page.rows)
    return [row.id for row in page.rows]


def some(known, condition):
    return [id_ for id_, person in sorted(known.items()) if condition(person)]


@pytest.mark.parametrize("method", range(8))
async def test_text_methods_match_what_they_say_whatever_the_characters(people, method):
    known, projections = people
    dice = random.Random(method)
    for part in [word(dice, 3) for _ in range(40)]:
        found = await ids(projections, SearchQuery(name_query={"name": part, "method": method}))
        assert found == some(known, lambda one, part=part: METHODS[method](one.name, part)), part
        found = await ids(projections, SearchQuery(tag_query={"tag": part, "method": method}))
        assert found == some(
            known, lambda one, part=part: any(METHODS[method](tag, part) for tag in one.tags)
        ), part


@pytest.mark.parametrize("method", range(5))
async def test_timestamp_methods_match_what_they_say(people, method):
    known, projections = people
    day = START + timedelta(days=1)
    query = SearchQuery(born_query={"method": method})
    query.born_query.born.FromDatetime(day)
    expected = some(known, lambda one: one.born is not None and MOMENTS[method](one.born, day))
    assert await ids(projections, query) == expected


async def test_scalars_and_lists_match(people):
    known, projections = people
    assert await ids(projections, SearchQuery(age_query={"age": 0})) == some(
        known, lambda one: one.age == 0
    )
    wanted = ["p07", "p03", "nobody"]
    assert await ids(projections, SearchQuery(in_ids_query={"ids": wanted})) == ["p03", "p07"]
    assert await ids(projections, SearchQuery(in_ids_query={})) == []
    assert len(await ids(projections, SearchQuery(happy_query={"happy": False}))) == 60
    name = known["p00"].name
    assert await ids(projections, SearchQuery(plain=name)) == some(
        known, lambda one: one.name == name
    )


async def test_and_or_not_nest(people):
    known, projections = people
    young, old = ({"age_query": {"age": age}} for age in (0, 3))
    born = {"born_query": {"born": START, "method": 2}}
    either = SearchQuery(or_query={"queries": [young, old]})
    assert await ids(projections, either) == some(known, lambda one: one.age in {0, 3})
    neither = SearchQuery(not_query={"query": either})
    assert await ids(projections, neither) == some(known, lambda one: one.age in {1, 2})
    both = SearchQuery(and_query={"queries": [young, {"not_query": {"query": born}}]})
    assert await ids(projections, both) == some(
        known, lambda one: one.age == 0 and one.born is None
    )


async def test_a_filter_may_reach_another_table(people, writer):
    _, projections = people
    await writer.add("p05", BadgeGiven(badge="gold"), owner="org2")
    await projections.reached(BADGES, "i1", 61)
    query = SearchQuery(badge_query={"name": "GOLD", "method": 1})
    assert await ids(projections, query) == ["p05"]


async def test_a_column_may_come_from_another_table(people, writer):
    known, projections = people
    for person in ("p01", "p02", "ghost"):
        await writer.add(person, BadgeGiven(badge="gold"))
    await projections.reached(BADGES, "i1", 63)
    page = await projections.ask(
        Question(table=BADGES, instance_id="i1", allowed=ALL, order="person_name")
    )
    names = {row.person_id: row.person_name for row in page.rows}
    assert names == {"p01": known["p01"].name, "p02": known["p02"].name, "ghost": None}


@pytest.mark.parametrize("order", ["", "name", "age", "born", "happy", "creation_date"])
@pytest.mark.parametrize("ascending", [True, False])
async def test_pages_by_key_are_those_by_offset(people, order, ascending):
    _, projections = people
    everything = {"order": order, "ascending": ascending}
    straight = await ids(projections, **everything)
    by_offset, by_key, cursor = [], [], None
    for offset in range(0, 60, 7):
        by_offset += await ids(projections, **everything, limit=7, offset=offset)
        page = await projections.ask(
            Question(
                table=PEOPLE, instance_id="i1", allowed=ALL, limit=7, after=cursor, **everything
            )
        )
        by_key += [row.id for row in page.rows]
        token = sealed(page.next, b"k", "people") if page.next else ""
        cursor = opened(token, b"k", "people") if token else None
        assert page.total == 60
    assert by_offset == by_key == straight
    assert len(set(straight)) == 60


async def test_what_a_caller_may_not_see_is_neither_returned_nor_counted(people):
    _, projections = people

    async def seen(allowed):
        page = await projections.ask(
            Question(table=PEOPLE, instance_id="i1", allowed=allowed, limit=5)
        )
        return len(page.rows), page.total

    assert await seen(ALL) == (5, 60)
    assert await seen(Allowed(owners={"org1"})) == (5, 20)
    assert await seen(Allowed(owners={"org1"}, ids={"p00", "p01"})) == (5, 21)
    assert await seen(Allowed()) == (0, 0)
    assert await seen(Condition("t.age = %s", (9,))) == (0, 0)


async def test_a_page_behind_the_end_still_knows_the_total(people):
    _, projections = people
    page = await projections.ask(Question(table=PEOPLE, instance_id="i1", allowed=ALL, offset=1000))
    assert (page.rows, page.total, page.next, page.position) == ([], 60, None, 60)


async def test_a_limit_has_a_default_and_a_maximum(people, database):
    _, projections = people
    assert len(await ids(projections, limit=1000)) == 60
    _, params = statement(Question(table=PEOPLE, instance_id="i1", allowed=ALL))
    assert (100, 0) in pairwise(params)
    with pytest.raises(Refusal, match="QUERY-LimitExceeded"):
        await ask(database, Question(table=PEOPLE, instance_id="i1", allowed=ALL, limit=1001))


def nested(depth):
    query = SearchQuery(age_query={"age": 1})
    for _ in range(depth - 1):
        query = SearchQuery(not_query={"query": query})
    return query


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        (nested(11), "QUERY-TooComplex"),
        (
            SearchQuery(or_query={"queries": [SearchQuery(age_query={"age": 1})] * 100}),
            "QUERY-TooComplex",
        ),
        (SearchQuery(), "QUERY-InvalidFilter"),
        (SearchQuery(not_query={}), "QUERY-InvalidFilter"),
        (SearchQuery(name_query={"name": "a\0b"}), "QUERY-InvalidFilter"),
        (SearchQuery(name_query={"name": "a", "method": 99}), "QUERY-InvalidFilter"),
        (SearchQuery(strange_query={"one": "a"}), "QUERY-UnsupportedFilter"),
    ],
)
def test_filters_that_make_no_sense_are_refused(query, refusal):
    with pytest.raises(Refusal, match=refusal):
        statement(Question(table=PEOPLE, instance_id="i1", allowed=ALL, filters=[query]))


def test_ten_levels_and_a_hundred_filters_are_allowed():
    wide = SearchQuery(or_query={"queries": [SearchQuery(age_query={"age": 1})] * 99})
    for query in (nested(10), wide):
        statement(Question(table=PEOPLE, instance_id="i1", allowed=ALL, filters=[query]))


def test_what_a_client_sends_is_never_part_of_the_statement():
    evil = "'; DROP TABLE events; --"
    query = SearchQuery(name_query={"name": evil, "method": 4})
    sql, params = statement(
        Question(table=PEOPLE, instance_id=evil, allowed=Allowed(ids={evil}), filters=[query])
    )
    assert "DROP" not in sql
    assert sql.count("%s") == len(params)


def test_a_filter_may_be_a_function():
    table = people_table()
    table.filters(strange_query=lambda leaf: Condition("t.name = %s", (leaf.one + leaf.two,)))
    query = SearchQuery(strange_query={"one": "a", "two": "b"})
    _, params = statement(Question(table=table, instance_id="i1", allowed=ALL, filters=[query]))
    assert "ab" in params


def test_filters_that_nobody_declared_can_be_listed():
    assert undeclared(PEOPLE, SearchQuery.DESCRIPTOR) == ["strange_query"]
    assert "name_query" in undeclared(people_table(1, nick=text()), SearchQuery.DESCRIPTOR)


def test_a_forged_page_token_is_refused():
    cursor = (datetime(2026, 1, 1, tzinfo=UTC), "p01")
    token = sealed(cursor, b"key", "people by birth")
    dice = random.Random(1)
    for _ in range(1000):
        at = dice.randrange(len(token))
        changed = dice.choice("abcXYZ019-_=%'\0é".replace(token[at], ""))
        with pytest.raises(Refusal, match="QUERY-InvalidPageToken"):
            opened(token[:at] + changed + token[at + 1 :], b"key", "people by birth")
    for key, question in ((b"other", "people by birth"), (b"key", "people by name")):
        with pytest.raises(Refusal, match="QUERY-InvalidPageToken"):
            opened(token, key, question)


def test_a_token_of_another_shape_is_refused():
    with pytest.raises(Refusal, match="REQUEST-Invalid"):
        statement(Question(table=PEOPLE, instance_id="i1", allowed=ALL, after=("a", "b", "c")))


@pytest.mark.parametrize("order", ["", "creation_date", "name", "born"])
@pytest.mark.parametrize("ascending", [True, False])
async def test_pages_by_offset_are_slices_of_the_whole(people, order, ascending):
    """Rows behind an offset are found by their keys, in the same order."""
    _, projections = people
    asked = {"order": order, "ascending": ascending}
    whole = await ids(projections, **asked)
    for offset in range(1, len(whole), 7):
        found = await ids(projections, **asked, offset=offset, limit=5)
        assert found == whole[offset : offset + 5]
