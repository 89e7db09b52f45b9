"""What must hold after every fault, whatever happened: the history is whole, the views are right."""

from dataclasses import dataclass

from personae import projections as read_models
from personae.actors import domain
from personae.projections.kit import Projections, tables_in
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

GAPS = """
SELECT h.instance_id, h.position, count(e.*), max(e.position)
FROM heads h LEFT JOIN events e USING (instance_id) GROUP BY 1, 2
HAVING count(e.*) <> h.position OR max(e.position) <> h.position"""
HOLES = """
SELECT instance_id, aggregate_type, aggregate_id FROM events GROUP BY 1, 2, 3
HAVING count(*) <> max(sequence) OR min(sequence) <> 1"""
USERS = """
SELECT payload->>'userName', array_agg(aggregate_id) FROM events
WHERE event_type IN ('user.human.added', 'user.machine.added') GROUP BY 1"""
SESSIONS = """
SELECT payload->>'userID', array_agg(aggregate_id) FROM events
WHERE event_type = 'session.user.checked' GROUP BY 1"""
GRANTS = """
SELECT payload->>'userId', array_agg(aggregate_id) FROM events
WHERE event_type = 'user.grant.added' GROUP BY 1"""
NOTED_TWICE = """
SELECT aggregate_id FROM events WHERE event_type = 'user.metadata.set'
GROUP BY 1, payload->>'key' HAVING count(*) > 1"""
HALF = """
SELECT aggregate_id FROM events GROUP BY 1 HAVING bool_or(event_type = 'session.user.checked')
AND NOT bool_or(event_type = 'session.added')"""
UNHELD = """
SELECT aggregate_id FROM events
WHERE event_type IN ('user.human.added', 'user.machine.added') AND NOT EXISTS (
    SELECT FROM claims WHERE claims.instance_id = events.instance_id AND holder = aggregate_id)
EXCEPT SELECT aggregate_id FROM events WHERE event_type = 'user.removed'"""


@dataclass
class History:
    """What was found: events in all, users by name."""

    events: int
    users: dict


async def check(url, acknowledged):
    """Assert that a database keeps every promise.

    What was acknowledged is there, under the ids that were told, and once. Positions have no gap
    and end at the head; sequences have no hole; no command is half there; users hold their names;
    a rebuild of every view equals the live one.
    """
    database = Database(url, size=4)
    await database.open()
    try:
        history = await check_log(database, acknowledged)
        await check_views(database)
        return history
    finally:
        await database.close()


async def check_log(database, acknowledged):
    assert await database.rows(GAPS) == []
    assert await database.rows(HOLES) == []
    users = dict(await database.rows(USERS))
    assert {name: ids for name, ids in users.items() if len(ids) > 1} == {}
    assert lost_of(acknowledged.users, users) == set()
    for told, stored in ((acknowledged.sessions, SESSIONS), (acknowledged.grants, GRANTS)):
        assert lost_of(told, dict(await database.rows(stored))) == set()
    for nothing in (NOTED_TWICE, HALF, UNHELD):
        assert await database.rows(nothing) == [], nothing
    ((events,),) = await database.rows("SELECT count(*) FROM events")
    return History(events, {name: ids[0] for name, ids in users.items()})


def lost_of(told, stored):
    """Whatever was acknowledged and is not stored exactly once, as it was told."""
    return {name for name, id_ in told.items() if stored.get(name) != [id_]}


async def check_views(database):
    domain.load()
    views = Projections(database, PostgresLog(database), tables_in(read_models))
    await views.start()
    try:
        for table in views.tables:
            for instance_id in await PostgresLog(database).instances():
                head = await PostgresLog(database).head(instance_id)
                assert await views.reached(table, instance_id, head, 30), table.name
            assert await views.verify(table) == [], table.name
    finally:
        await views.stop()
