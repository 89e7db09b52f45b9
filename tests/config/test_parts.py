"""The embedded database, shared by a server and the commands beside it."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from personae.config.load import load
from personae.config.parts import reachable
from personae.store.embedded import Embedded

pytestmark = pytest.mark.store


@pytest.fixture
def settings():
    folder = Path(tempfile.mkdtemp(prefix="personae-test-"))
    folder.chmod(0o755)
    yield load(flags={"data": folder}).settings
    shutil.rmtree(folder)


async def test_the_embedded_database_lives_until_its_last_user_ends(settings):
    embedded = Embedded(settings.data / "postgresql")
    async with reachable(settings):
        async with reachable(settings):
            assert embedded.pid
        assert embedded.pid
    assert not embedded.pid


async def test_whoever_comes_while_it_stops_gets_a_running_one(settings):
    async def use(seconds):
        async with reachable(settings):
            await asyncio.sleep(seconds)
            assert Embedded(settings.data / "postgresql").pid

    await asyncio.gather(*(use(seconds) for seconds in (0, 0.05, 0.2)))
    await use(0)
