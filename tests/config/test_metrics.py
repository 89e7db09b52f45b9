import os
import subprocess
import sys
from pathlib import Path

from personae.config.metrics import Metrics
from prometheus_client.parser import text_string_to_metric_families

NAMES = {
    "personae_logins", "personae_tokens", "personae_hash_seconds", "personae_actors_live",
    "personae_lane_batch_commands", "personae_lane_flush_seconds", "personae_lane_wait_seconds",
    "personae_lane_queued_events",
    "personae_projection_lag_events", "personae_loop_lag_seconds", "personae_messages",
}  # fmt: skip


def used() -> Metrics:
    metrics = Metrics()
    metrics.login("ok", "password")
    metrics.token("refresh_token")
    metrics.message("verify_email", "email", "sent")
    metrics.hashed("verify", 0.02)
    metrics.live_actors(7)
    metrics.flushed(12, 0.003, 0.004)
    metrics.queued(3)
    metrics.projection_lag("users", 5)
    metrics.loop_lag(0.001)
    return metrics


def samples(metrics: Metrics) -> dict[str, float]:
    text = metrics.render().decode()
    return {
        sample.name + repr(sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_metric_is_served_under_its_name():
    text = used().render().decode()
    assert {family.name for family in text_string_to_metric_families(text)} == NAMES


def test_what_rooms_report_is_what_is_served():
    found = samples(used())
    assert found["personae_logins_total['ok', 'password']"] == 1
    assert found["personae_actors_live[]"] == 7
    assert found["personae_lane_batch_commands_sum[]"] == 12
    assert found["personae_lane_wait_seconds_sum[]"] == 0.004
    assert found["personae_loop_lag_seconds_bucket['0.001']"] == 1


def test_two_servers_in_one_process_count_apart():
    used()
    assert "personae_logins_total['ok', 'password']" not in samples(Metrics())


def test_every_metric_is_in_the_operations_page():
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    assert [name for name in NAMES if f"`{name}" not in page] == []


def test_several_workers_are_counted_together(tmp_path):
    code = (
        "import os\n"
        "from personae.config.metrics import Metrics\n"
        "metrics = Metrics()\n"
        "metrics.login('ok', 'password')\n"
        "if os.fork() == 0:\n"
        "    metrics.login('ok', 'password')\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "print(metrics.render().decode())\n"
    )
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    assert 'personae_logins_total{method="password",result="ok"} 2.0' in output
