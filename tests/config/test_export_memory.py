"""An export holds a page of the log at a time, however long the log is."""

import asyncio
import os
import subprocess
import sys

import orjson
import pytest
from personae.store.ledger import PAGE
from personae.store.pool import Database

from tests.config.stores import ROOT, Commands

pytestmark = pytest.mark.store
FEW = 2 * PAGE  # one is held while the next is read
MANY = 10 * FEW
MIB = 1024

_WRITTEN = """
INSERT INTO events SELECT 'i', 'note', n::text, 1, n, 'test.noted', 1, 'org', 'me', now(),
    jsonb_build_object('text', repeat('x', 200)) FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO claims SELECT 'i', 'name', n::text, n::text FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO heads VALUES ('i', %(last)s)
    ON CONFLICT (instance_id) DO UPDATE SET position = excluded.position"""

_EXPORT = """
import sys
from personae.config.cli import main
main(["events", "export", sys.argv[1]], standalone_mode=False)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print("peak", status["VmHWM"].split()[0])
"""
"""In a process of its own: its peak is nobody else's."""


def write(url, first, last):
    """Write small events, each with a name that is taken."""

    async def written():
        database = Database(url, size=1)
        await database.run(_WRITTEN, {"first": first, "last": last})
        await database.close()

    asyncio.run(written())


def peak(url, file):
    """Export, and return the most KiB that the process had in memory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".types"), **Commands(url).environment}
    words = [sys.executable, "-c", _EXPORT, str(file)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def test_ten_times_the_log_takes_no_more_memory(postgres_url, tmp_path):
    write(postgres_url, 1, FEW)
    few = peak(postgres_url, tmp_path / "few")
    write(postgres_url, FEW + 1, MANY)
    many = peak(postgres_url, tmp_path / "many")
    with (tmp_path / "many").open("rb") as file:
        *_, last = file
        assert file.tell() > 40 * MIB * 1024
    end = orjson.loads(last)
    assert (end["events"], end["claims"]) == (MANY, MANY)
    assert many < few + 5 * MIB
