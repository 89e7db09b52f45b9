"""The server as its users start it shows its engine, and refuses a database that may forget."""

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from personae import projections as read_models
from personae.projections.kit import tables_in
from personae.store.durability import DURABLE
from personae.store.embedded import Embedded
from prometheus_client.parser import text_string_to_metric_families

from tests.running import RunningServer

pytestmark = pytest.mark.flow
HISTOGRAMS = ("lane_batch_commands", "lane_flush_seconds", "lane_wait_seconds", "loop_lag_seconds")


def asked(server, path, body=None):
    """Return the text of an answer; ``body`` makes it a call of the instance's owner."""
    headers = {"Authorization": f"Bearer {server.pat}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(server.url + path, data, headers if data else {})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read().decode()


def samples(server):
    """Return every sample of a scrape, by name and labels."""
    families = text_string_to_metric_families(asked(server, "/debug/metrics"))
    return {
        (each.name.removeprefix("personae_"), *each.labels.values()): each.value
        for family in families
        for each in family.samples
    }


def test_the_engine_is_seen_from_outside():
    server = RunningServer()
    try:
        assert command(server, "setup").returncode == 0  # so that the first look at lags finds some
        server.start()
        before = samples(server)
        asked(server, "/v2/organizations", {"name": "Another"})
        time.sleep(0.6)  # the loop is looked at four times a second
        after = samples(server)
        tree = json.loads(asked(server, "/debug/actors"))
    finally:
        server.remove()
    for name in HISTOGRAMS:
        assert after[f"{name}_count",] > before[f"{name}_count",]
        assert after[f"{name}_bucket", "+Inf"] == after[f"{name}_count",]
    assert after["lane_batch_commands_sum",] > before["lane_batch_commands_sum",]
    assert after["lane_flush_seconds_sum",] > before["lane_flush_seconds_sum",]
    lags = {key[1] for key in after if key[0] == "projection_lag_events"}
    assert lags == {table.name for table in tables_in(read_models)}
    assert_whole(tree)


def assert_whole(tree):
    """The tree has the aggregates that were asked, every projector and every worker, all running."""
    parts = {part["name"]: part for part in tree["children"]}
    assert {part["state"] for part in (tree, *parts.values())} == {"running"}
    assert parts["aggregates"]["live"] > 0
    assert parts["aggregates"]["turns"] > 0
    projectors = parts["projections"]["children"]
    assert {table.physical for table in tables_in(read_models)} <= {p["name"] for p in projectors}
    workers = {each["name"] for each in parts["workers"]["children"]}
    assert {"follower", "cascades", "notifications", "loop lag", "gauges"} <= workers
    for each in (*projectors, *parts["workers"]["children"]):
        assert (each["state"], each["restarts"]) == ("running", 0)


def command(server, word):
    words = [sys.executable, "-m", "personae.config.cli", word]
    return subprocess.run(
        words, env=server.environment, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def forgetful(server, setting):
    """Give a server a database with one of its safeties off."""
    database = Embedded(server.folder / "postgresql", {setting: "off"})
    try:
        server.settings["PERSONAE_DATABASE"] = database.start()
        yield
    finally:
        server.stop()
        database.stop()


def test_a_database_that_may_forget_is_refused_in_one_line_unless_told_otherwise():
    server = RunningServer()
    try:
        for setting in DURABLE:
            with forgetful(server, setting):
                refused = command(server, "start")
                assert refused.returncode != 0
                (line,) = refused.stderr.splitlines()
                assert setting in line
                assert "PERSONAE_STORE__ACCEPT_LOSS=true" in line
        server.settings["PERSONAE_STORE__ACCEPT_LOSS"] = "true"
        with forgetful(server, DURABLE[0]):
            server.start()
            assert f'"setting":"{DURABLE[0]}"' in server.log.read_text()
    finally:
        server.remove()
