"""What the README shows works, to the letter."""

import re
import subprocess

import pytest

from tests.running import ROOT

pytestmark = pytest.mark.flow
BLOCK = re.compile(r"^```sh test\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_readme_run(running, tmp_path):
    script = "\n".join(BLOCK.findall((ROOT / "README.md").read_text()))
    assert script.count("api ") >= 2
    script = script.replace("http://localhost:8080", running.url)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "admin.pat").write_text(running.pat)
    preamble = "set -euo pipefail; shopt -s expand_aliases\n"
    done = subprocess.run(
        ["bash", "-c", preamble + script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"gigi@example.com"' in done.stdout
    assert len((tmp_path / "client.txt").read_text().split()) == 2
