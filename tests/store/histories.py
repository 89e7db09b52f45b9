"""Histories to move and keep: people who take names, each an aggregate of two events."""

from datetime import UTC, datetime

from personae.actors.domain.kit import Claim, Code, Foreign, Reason, Stream
from personae.store.log import Commit, Part
from personae.store.postgres import PostgresLog

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
TAKEN = Reason("TEST-Taken", Code.ALREADY_EXISTS)


async def write_history(database, instance_id, events, first=0):
    """Append so many events, every other one the second of its aggregate."""
    log = PostgresLog(database)
    for number in range(first, first + events):
        person, version = divmod(number, 2)
        stream = Stream(instance_id, "person", f"{instance_id}-{person}")
        happened = Foreign(f"test.moved.{version}", {"name": f"person {number}", "half": 0.5})
        claim = Claim("names", f"name {number}", TAKEN, everywhere=number % 3 == 0)
        claim = Claim("names", f"{instance_id} {claim.value}", TAKEN, everywhere=claim.everywhere)
        await log.append(
            Commit(
                instance_id=instance_id,
                parts=(Part(stream, version, "org", (happened,)),),
                claims=((claim, instance_id if claim.everywhere else stream.id),),
                creator="me",
                at=AT,
            )
        )
    await log.close()


async def claims_of(database):
    return await database.rows("SELECT * FROM claims ORDER BY 1, 2, 3")
