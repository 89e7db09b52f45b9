"""What is built is what runs: the wheel, in a folder of its own."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.architecture import ROOMS, ROOT

SOURCES = {".py", ".pyc", ".proto"}
"""Not data: code, and the definitions that the committed descriptor set is built from."""
LOOK = """
import sys
import personae.config.cli as cli
from personae.config.roles import Roles
from personae.actors import domain
domain.load()
Roles.load()
print(cli.__file__)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: building leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    for name in ROOMS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"),
        *("--disable-pip-version-check", "--quiet", "-w", folder, copy),
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_has_every_file_that_is_no_source(wheel):
    files = {p for room in ROOMS for p in (ROOT / room).rglob("*") if p.is_file()}
    data = {f"personae/{p.relative_to(ROOT)}" for p in files if p.suffix not in SOURCES}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert data - names == set()
    assert {Path(name).suffix for name in data} >= {".yaml", ".sql", ".binpb"}


def test_the_wheel_runs_where_nothing_of_the_repository_is(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    installed = Path(run(python, "-c", "import site; print(site.getsitepackages()[0])"))
    # Only the packages of this environment: its own .pth files, and so personae, stay behind.
    (installed / "dependencies.pth").write_text(str(Path(pytest.__file__).parents[1]))
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps"),
        *("--no-index", "--quiet", wheel),
    )
    assert Path(run(python, "-I", "-c", LOOK, cwd=tmp_path)).is_relative_to(installed)
