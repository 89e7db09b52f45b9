"""Claims that an installed package adds: a real distribution, found by its entry point."""

import json
import re
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest
from personae.config.claim_sources import GROUP, claim_sources
from personae.config.errors import StartError
from personae.http.oidc.custom_claims import About, Function

from tests.running import ROOT, RunningServer

PAGE = (Path(__file__).parents[2] / "docs" / "oidc.md").read_text()
ABOUT = About(Function.USERINFO, "1", "20", "50", ("openid",), {})


def block(language):
    """The example of the page in one language."""
    section = PAGE.split("## Claims of your own")[1].split("\n## ")[0]
    return re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)[1]


def install(folder, points, **modules):
    """Lay a distribution out as an installer does; modules that take part have names of their own."""
    info = folder / "example-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1\n")
    lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def install_example(folder):
    points = tomllib.loads(block("toml"))["project"]["entry-points"][GROUP]
    return install(folder, points, staff_claims=block("python"))


async def test_without_packages_there_are_no_sources_and_the_example_is_one(tmp_path, monkeypatch):
    assert claim_sources() == ()
    monkeypatch.syspath_prepend(install_example(tmp_path))
    (source,) = claim_sources()
    assert await source(ABOUT) == {"staff_number": "S-20"}


async def test_sources_are_asked_in_the_order_of_their_names(tmp_path, monkeypatch):
    text = "async def first(about): pass\nasync def second(about): pass\n"
    points = {"b": "claims_in_order:second", "a": "claims_in_order:first"}
    monkeypatch.syspath_prepend(install(tmp_path, points, claims_in_order=text))
    assert [each.__name__ for each in claim_sources()] == ["first", "second"]


BROKEN = {
    "is not there": ("claims_missing:source", ""),
    "has no such name": ("claims_broken:other", "async def source(about): pass"),
    "fails at import": ("claims_broken:source", "1 / 0"),
    "is not async": ("claims_broken:source", "def source(about): return {}"),
    "is no function": ("claims_broken:source", "source = {}"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_source_that_cannot_be_used_is_named(tmp_path, monkeypatch, what):
    value, text = BROKEN[what]
    monkeypatch.delitem(sys.modules, "claims_broken", raising=False)
    monkeypatch.syspath_prepend(install(tmp_path, {"staff": value}, claims_broken=text))
    with pytest.raises(StartError, match=f"^{GROUP}: staff = {value} "):
        claim_sources()
    sys.modules.pop("claims_broken", None)


@pytest.mark.flow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_with_a_broken_source_does_not_start_and_says_why(tmp_path, workers):
    server = with_package(install(tmp_path, {"staff": "claims_missing:source"}))
    server.settings["PERSONAE_WORKERS"] = workers
    words = [sys.executable, "-m", "personae.config.cli", "start"]
    try:
        ended = subprocess.run(
            words, env=server.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 1
        (line,) = ended.stderr.strip().splitlines()
        assert f"{GROUP}: staff = claims_missing:source cannot be loaded" in line
        assert not server.data.exists()
    finally:
        server.remove()


@pytest.mark.flow
def test_a_server_asks_an_installed_source(tmp_path):
    server = with_package(install_example(tmp_path))
    try:
        server.start()
        headers = {"Authorization": f"Bearer {server.pat}"}
        request = urllib.request.Request(f"{server.url}/oidc/v1/userinfo", None, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            found = json.load(answer)
        assert found["staff_number"] == f"S-{found['sub']}"
    finally:
        server.remove()


def with_package(folder):
    return RunningServer(PYTHONPATH=f"{ROOT / '.types'}:{folder}")
