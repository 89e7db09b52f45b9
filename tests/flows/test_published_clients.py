"""Clients that are published for the reference system work unchanged: only the address is ours."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.node import installed

pytestmark = pytest.mark.flow

FOLDER = Path(__file__).parent / "published"
NOT_FOUND = 5


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A folder with the script and its packages from the npm registry."""
    return installed(FOLDER, tmp_path_factory)


def test_the_javascript_client(running, published):
    done = subprocess.run(
        ["node", "client.mjs", running.url, running.pat, "published"],
        cwd=published, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    added = told["added"]
    assert told["user"] == {"id": added, "name": "published", "type": "human"}
    assert told["listed"] == [added]
    assert told["session"] == {"user": added, "password": True}
    assert told["refusal"]["code"] == NOT_FOUND
    assert told["refusal"]["message"].endswith("(USER-NotFound)")
