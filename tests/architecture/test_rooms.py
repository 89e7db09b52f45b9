import os
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

from tests.architecture import ROOMS, ROOT


def folders():
    """Return the folders with Python files as the packages they should be."""
    found = {
        path.parent.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")
    }
    return {"personae." + ".".join(folder.parts) for folder in found}


def packages():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return setup["options"]["packages"].split()


def test_every_folder_with_python_is_installed_and_nothing_else():
    assert packages() == sorted(folders())


def test_every_package_says_that_it_is_one():
    for package in packages():
        assert (ROOT / Path(*package.split(".")[1:]) / "__init__.py").exists()


def test_http_is_a_namespace():
    """Its ``__init__.py`` would shadow the standard library's http in the repository's root."""
    assert not (ROOT / "http" / "__init__.py").exists()
    assert not (ROOT / "__init__.py").exists()


def test_the_contract_between_rooms_is_kept():
    """One import into the wrong room breaks it."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".types")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_the_contract_sees_every_package():
    with (ROOT / "pyproject.toml").open("rb") as file:
        roots = tomllib.load(file)["tool"]["importlinter"]["root_packages"]
    unseen = {p for p in packages() if not any((p + ".").startswith(root + ".") for root in roots)}
    assert unseen == set()
