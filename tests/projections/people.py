"""A read model to test the kit with: people, and the badges they carry."""

from datetime import UTC, datetime, timedelta

from personae.actors.domain.kit import Recorded, Stream, event
from personae.projections.kit import (
    Table,
    UpdateWhere,
    boolean,
    integer,
    json,
    lookup,
    text,
    text_list,
    timestamp,
)
from personae.store.log import Commit, Part

START = datetime(2026, 1, 1, tzinfo=UTC)


@event("test.person.added")
class PersonAdded:
    name: str = ""
    age: int = 0
    tags: tuple[str, ...] = ()
    born: datetime | None = None


@event("test.person.renamed")
class PersonRenamed:
    name: str


@event("test.person.greeted")
class PersonGreeted:
    pass


@event("test.person.removed")
class PersonRemoved:
    pass


@event("test.person.badge.given")
class BadgeGiven:
    badge: str
    main: bool = False


@event("test.club.closed")
class ClubClosed:
    pass


def people_table(version=1, **columns):
    table = Table(
        "people",
        version=version,
        columns={
            "name": text(lower=True),
            "age": integer(index=True),
            "tags": text_list(index=True),
            "born": timestamp(),
            "happy": boolean(),
            "extra": json(),
            **columns,
        },
    )

    @table.on(PersonAdded)
    def added(row, recorded):
        happened = recorded.event
        return table.new(
            name=happened.name, age=happened.age, tags=happened.tags, born=happened.born
        )

    @table.on(PersonRenamed)
    def renamed(row, recorded):
        if recorded.event.name == "poison":
            raise ValueError("secret: poison")
        return row and row.but(name=recorded.event.name)

    table.forget_on(PersonRemoved)
    table.forget_on(ClubClosed, column="resource_owner")
    return table


PEOPLE = people_table()

BADGES = Table(
    "badges",
    version=1,
    columns={
        "person_id": text(),
        "badge": text(),
        "main": boolean(),
        "person_name": lookup(PEOPLE, "name", by="person_id"),
    },
    key=("person_id", "badge"),
)


@BADGES.across(BadgeGiven)
def only_one_is_main(recorded):
    if not recorded.event.main:
        return []
    return UpdateWhere({"person_id": recorded.stream.id}, {"main": False})


@BADGES.on(BadgeGiven, key=lambda recorded: (recorded.stream.id, recorded.event.badge))
def given(row, recorded):
    return (row or BADGES.new()).but(main=recorded.event.main)


BADGES.forget_on(PersonRemoved, column="person_id")


def recorded_events(*happened, instance="i1", owner="club"):
    """Return pairs of (person id, event) as the log would."""
    sequences = {}
    made = []
    for position, (person, one) in enumerate(happened, 1):
        kind = "club" if isinstance(one, ClubClosed) else "person"
        sequences[person] = sequences.get(person, 0) + 1
        stream = Stream(instance, kind, person)
        at = START + timedelta(seconds=position)
        made.append(Recorded(stream, sequences[person], position, at, "me", owner, one))
    return made


class Writer:
    """Appends to a log, and knows each stream's version."""

    def __init__(self, log):
        self.log = log
        self.versions = {}

    async def add(self, person, *events, instance="i1", owner="club", at=START):
        kind = "club" if isinstance(events[0], ClubClosed) else "person"
        stream = Stream(instance, kind, person)
        version = self.versions.get(stream, 0)
        self.versions[stream] = version + len(events)
        part = Part(stream, version, owner, tuple(events))
        return await self.log.append(
            Commit(instance_id=instance, parts=(part,), creator="me", at=at)
        )

    async def people(self, count, first=0):
        for person in range(first, first + count):
            await self.add(f"p{person:06}", PersonAdded(name=f"name {person}", age=person % 90))
