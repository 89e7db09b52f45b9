"""The examples of docs/operations.md are run as they stand, one after the other."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.config.stores import MASTER, ROOT

pytestmark = pytest.mark.store
PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"```sh test\n(.*?)```", PAGE, re.DOTALL)
SHELL = """
set -eu
personae() { "$PYTHON" -m personae.config.cli "$@"; }
jq() { "$PYTHON" -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1][1:]])' "$2"; }
"""


@pytest.fixture(scope="module")
def folder():
    """A folder with a store that was set up."""
    folder = Path(tempfile.mkdtemp(prefix="personae-docs-"))
    folder.chmod(0o755)
    assert shell(folder, f'mkdir "$PERSONAE_DATA"; echo {MASTER} > "$PERSONAE_DATA/masterkey"')
    assert shell(folder, "personae setup").returncode == 0
    yield folder
    shutil.rmtree(folder)


def shell(folder, script):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT / ".types"),
        "PERSONAE_DATA": str(folder / "data"),
    }
    return subprocess.run(
        ["/bin/bash", "-c", SHELL + script], cwd=folder, env=environment, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_example_of_the_page_runs(folder, number):
    done = shell(folder, BLOCKS[number])
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr


def test_every_command_is_on_the_page():
    from tests.config.test_cli import commands

    leaves = {" ".join(path) for path, one in commands() if not getattr(one, "commands", None)}
    short = {"projections remove": "`remove`"}
    missing = [path for path in leaves if short.get(path, f"personae {path}") not in PAGE]
    assert not missing
