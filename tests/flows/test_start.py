"""Starting, being told where everything is, stopping, starting again."""

import re
import subprocess
import sys
import urllib.request

import pytest

from tests.running import PASSWORD

pytestmark = pytest.mark.flow


def run(server, *words):
    return subprocess.run(
        [sys.executable, "-m", "personae.config.cli", *words],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_start_tells_where_everything_is_and_no_secret(own_server):
    own_server.start()
    told = own_server.log.read_text()
    for path in (
        "/ui/login",
        "/.well-known/openid-configuration",
        "/openapi.json",
        "/debug/metrics",
    ):
        assert own_server.url + path in told
    assert PASSWORD not in told
    assert own_server.pat not in told


def test_what_was_written_survives_a_restart_and_setting_up_happens_once(own_server):
    own_server.start()
    pat = own_server.pat
    own_server.stop()
    assert own_server.process.returncode == 0
    own_server.start()
    assert own_server.pat == pat
    request = urllib.request.Request(own_server.url + "/v2/users/1")
    request.add_header("Authorization", f"Bearer {pat}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 404  # known, but there is no such user


def test_a_made_up_password_is_shown_once(own_server):
    own_server.settings["PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD"] = ""
    own_server.start()
    assert (
        len(re.findall(r"Password +(\S+)  \(shown only this once", own_server.log.read_text())) == 1
    )
    own_server.stop()
    own_server.log.write_text("")
    own_server.start()
    assert "Password" not in own_server.log.read_text()


def test_ready_says_whether_and_why_not(running, own_server):
    assert run(running, "ready").returncode == 0
    not_running = run(own_server, "ready")
    assert not_running.returncode == 1
    assert not_running.stdout + not_running.stderr


def test_a_typo_in_the_environment_stops_the_start_and_names_the_nearest_key(own_server):
    own_server.settings["PERSONAE_PROT"] = "1"
    refused = run(own_server, "start")
    assert refused.returncode != 0
    assert "PERSONAE_PORT" in refused.stderr
    assert not own_server.data.exists()
