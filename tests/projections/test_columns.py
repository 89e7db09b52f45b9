"""Every type of column there and back, wide operations on them, and what is forgotten."""

import pytest
from personae.actors.domain.kit import event
from personae.projections.kit import (
    ALL,
    Question,
    Table,
    UpdateWhere,
    binary,
    compare,
    json,
    tables_in,
    text_list,
)

import tests.projections as package
from tests.projections.people import BADGES, PEOPLE, ClubClosed, PersonAdded, PersonRenamed

pytestmark = pytest.mark.store


@event("test.instance.removed")
class InstanceRemoved:
    pass


THINGS = Table("things", version=1, columns={"raw": binary(), "any": json(), "many": text_list()})
VALUES = {"raw": b"\0\xff'\\", "any": {"a": [1, None, 'ä"%s']}, "many": ('a"b', "{c,d}", "")}
OTHERS = {"raw": b"", "any": None, "many": ()}
THINGS.on(PersonAdded)(lambda _row, _recorded: THINGS.new(**VALUES))
THINGS.across(PersonRenamed)(
    lambda recorded: UpdateWhere({}, VALUES if recorded.event.name == "back" else OTHERS)
)
THINGS.forget_instance_on(InstanceRemoved)


def values(row):
    return {"raw": row.raw, "any": row.any, "many": row.many}


async def test_values_come_back_as_they_went(process, writer):
    async with process(THINGS) as projections:
        await writer.add("gigi", PersonAdded())
        await projections.reached(THINGS, "i1", 1)
        assert values(await projections.find(THINGS, "i1", "gigi")) == VALUES


async def test_wide_updates_write_every_type_of_value(process, writer):
    async with process(THINGS) as projections:
        await writer.add("gigi", PersonAdded())
        await projections.reached(THINGS, "i1", 1)
        for position, (name, expected) in enumerate((("away", OTHERS), ("back", VALUES)), 2):
            await writer.add("gigi", PersonRenamed(name=name))
            await projections.reached(THINGS, "i1", position)
            assert values(await projections.find(THINGS, "i1", "gigi")) == expected
        assert await projections.verify(THINGS) == []


async def test_bytes_are_compared_by_both_methods(process, writer):
    async with process(THINGS) as projections:
        await writer.add("gigi", PersonAdded())
        await projections.reached(THINGS, "i1", 1)
        for method, given, total in ((0, VALUES["raw"], 1), (1, VALUES["raw"], 0), (1, b"", 1)):
            condition = compare.octets('t."raw"', given, method)
            question = Question(table=THINGS, instance_id="i1", allowed=ALL, conditions=[condition])
            assert (await projections.ask(question)).total == total


async def test_columns_may_be_asked_by_value(process, writer):
    async with process(THINGS) as projections:
        await writer.add("gigi", PersonAdded())
        await writer.add("max", PersonAdded())
        await projections.reached(THINGS, "i1", 2)
        for where, total in (({"id": "gigi"}, 1), ({"id": ["gigi", "max"]}, 2), ({"many": ""}, 2)):
            question = Question(table=THINGS, instance_id="i1", allowed=ALL, where=where)
            assert (await projections.ask(question)).total == total


async def test_a_removed_instance_takes_its_rows_along(process, writer):
    async with process(THINGS) as projections:
        for instance in ("i1", "i2"):
            await writer.add("gigi", PersonAdded(), instance=instance)
        await writer.add("i1", InstanceRemoved())
        await projections.reached(THINGS, "i1", 2)
        await projections.reached(THINGS, "i2", 1)
        assert await projections.find(THINGS, "i1", "gigi") is None
        assert await projections.find(THINGS, "i2", "gigi")


async def test_a_projector_that_dies_is_replaced_and_misses_nothing(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        await projections.reached(PEOPLE, "i1", 1)
        first = projections._projectors["people_v1"]
        first._step = None
        await writer.add("gigi", PersonRenamed(name="Gina"))
        while projections._projectors["people_v1"] is first:
            await projections.status()
        assert await projections.reached(PEOPLE, "i1", 2)
        assert (await projections.find(PEOPLE, "i1", "gigi")).name == "Gina"


async def test_a_batch_of_several_cascades_deletes_what_each_says(process, writer):
    async with process(bus=False) as projections:
        for owner in ("a", "b", "c"):
            await writer.add(f"of-{owner}", PersonAdded(), owner=owner)
        await writer.add("a", ClubClosed())
        await writer.add("b", ClubClosed())
        await projections.reached(PEOPLE, "i1", 5)
        page = await projections.ask(Question(table=PEOPLE, instance_id="i1", allowed=ALL))
        assert [row.id for row in page.rows] == ["of-c"]


def test_the_tables_of_a_package_are_found():
    assert {PEOPLE.name, BADGES.name} <= {table.name for table in tables_in(package)}
