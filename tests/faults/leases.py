"""Who sweeps the read models, and who writes which of their rows."""

import asyncio
import contextlib

from personae import projections as read_models
from personae.projections.kit import tables_in

LEASES = "SELECT name, holder FROM projections.leases"
LIVE = f"{LEASES} WHERE expires_at > clock_timestamp()"

WITNESS = """
CREATE TABLE witness (node text, view text, row text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.witness (node, view, row)
    VALUES (current_setting('application_name'), TG_TABLE_NAME, NEW::text);
    RETURN NULL;
END $$"""
WITNESSED = """
CREATE TRIGGER witness AFTER INSERT OR UPDATE ON projections."{}"
FOR EACH ROW EXECUTE FUNCTION public.witness()"""
TWICE = "SELECT view, row, array_agg(node) FROM witness GROUP BY 1, 2 HAVING count(*) > 1"
SINCE = "SELECT count(*) FROM witness WHERE node = %s AND at > %s"


@contextlib.asynccontextmanager
async def watched(database):
    """Who held each lease while the body ran."""
    holders, over = set(), asyncio.Event()

    async def watch():
        while not over.is_set():
            holders.update(await database.rows(LEASES))
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    yield holders
    over.set()
    await watching


async def witness(database):
    """Have the database note each row that is written to a read model, and by whom.

    Each row holds the sequence of the event that made it: one that is written twice was written
    by somebody who did not know that the event had been applied.
    """
    await database.run(WITNESS)
    for table in tables_in(read_models):
        await database.run(WITNESSED.format(table.physical))


def named(dsn, node):
    """The address of the database by which a node is told from the others."""
    return f"{dsn}&application_name={node}"
