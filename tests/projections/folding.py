"""Folding events of the domain into rows of a read model, without a database."""

from datetime import UTC, datetime, timedelta

from personae.actors.domain.kit import Recorded, Stream
from personae.projections.kit import Fold
from personae.projections.kit.fold import touched

START = datetime(2026, 1, 1, tzinfo=UTC)
INSTANCE, ORG = "1", "o1"


def at(position):
    """Return when the event with a position happened."""
    return START + timedelta(seconds=position)


def recorded(*happened, owner=ORG):
    """Return (kind, id, event) as the log would hold them."""
    sequences = {}
    log = []
    for position, (kind, id_, event) in enumerate(happened, 1):
        stream = Stream(INSTANCE, kind, id_)
        sequences[stream] = sequences.get(stream, 0) + 1
        log.append(Recorded(stream, sequences[stream], position, at(position), "me", owner, event))
    return log


def folded(table, *happened, owner=ORG):
    """Return the rows that events leave, by key (or id, where the key is that alone)."""
    log = recorded(*happened, owner=owner)
    fold = Fold(table, INSTANCE, dict.fromkeys(touched(table, log)))
    for one in log:
        fold.apply(one)
    rows = {key: row for key, row in fold.rows.items() if row is not None}
    return {key[0] if len(key) == 1 else key: row for key, row in rows.items()}
