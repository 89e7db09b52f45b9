import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import click
import pytest
from click.testing import CliRunner
from personae.config.cli import main
from personae.config.commands.state import Moment
from personae.config.probe import probe
from personae.config.version import VERSION


def run(*arguments, **environ):
    return CliRunner().invoke(main, arguments, env=environ)


def commands(group=main, path=()):
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.fixture
def server():
    """A server that answers /debug/ready with the status of its attribute ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(self.server.status if self.path == "/debug/ready" else 404)
            self.end_headers()
            self.wfile.write(b"database: no\nanswer")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.status = 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_the_help_of_every_command_ends_with_an_example(path):
    result = run(*path, "--help")
    assert result.exit_code == 0
    example = result.output.partition("Example:\n")[2]
    assert " ".join(("personae", *path)) in example


def test_every_command_that_prints_data_prints_json_too():
    silent = {"start", "setup"}
    leaves = [(path, one) for path, one in commands() if not getattr(one, "commands", None)]
    assert {path[-1] for path, one in leaves if "--json" not in opts(one)} == silent


def opts(command: click.Command) -> set[str]:
    return {opt for parameter in command.params for opt in parameter.opts}


def test_version_is_printed_as_text_and_as_json():
    assert run("version").output == VERSION + "\n"
    assert json.loads(run("version", "--json").output) == {"version": VERSION}
    assert run("--version").output == VERSION + "\n"


@pytest.mark.parametrize("command", ["start", "setup", "ready"])
def test_a_typo_stops_every_command_with_one_line(command):
    result = run(command, PERSONAE_EXTERNAL_DOMIAN="x")
    assert result.exit_code != 0
    assert result.stderr == (
        "Error: PERSONAE_EXTERNAL_DOMIAN (env): is not a setting; "
        "did you mean PERSONAE_EXTERNAL_DOMAIN?\n"
    )


def test_config_show_masks_every_secret():
    secret = "Geheim-Wort-0123456789-abcdef-32"
    result = run(
        "config", "show",
        PERSONAE_MASTERKEY=secret,
        PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD=secret,
        PERSONAE_DATABASE=f"postgresql://ada:{secret}@db:5432/personae",
    )  # fmt: skip
    assert result.exit_code == 0
    assert secret not in result.output
    assert "postgresql://ada:********@db:5432/personae" in result.output


@pytest.mark.parametrize(
    "address", ["postgresql://u:{}@h/d", "host=h password='{}'", "postgresql://h/d?password={}&x=1"]
)
def test_the_password_of_any_database_address_is_masked(address):
    result = run("config", "show", PERSONAE_DATABASE=address.format("a:b/c@d"))
    assert result.exit_code == 0
    assert "a:b/c@d" not in result.output
    assert "c@d" not in result.output


def test_config_show_tells_values_and_origins(tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("workers: 3\n")
    result = run(
        "config", "show", "--json", "--config", str(file), "--port", "9", PERSONAE_DATA="/d"
    )
    shown = json.loads(result.output)
    assert shown["workers"] == {"value": 3, "origin": f"{file}:1"}
    assert shown["port"] == {"value": 9, "origin": "flag --port"}
    assert shown["data"] == {"value": "/d", "origin": "env PERSONAE_DATA"}
    assert shown["external_port"] == {"value": 9, "origin": "default (same as port)"}


def test_config_show_can_be_limited_to_what_was_changed():
    assert run("config", "show", "--changed", PERSONAE_PORT="9").output.split() == [
        "port:", "9", "#", "env", "PERSONAE_PORT",
    ]  # fmt: skip


def test_what_config_show_prints_can_be_read_back(tmp_path):
    shown = json.loads(run("config", "show", "--json").output)
    file = tmp_path / "all.yaml"
    file.write_text(json.dumps(nested({key: row["value"] for key, row in shown.items()})))
    assert run("config", "validate", "--config", str(file)).output == "The settings are valid.\n"


def nested(flat):
    tree = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        section = tree
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    return tree


def test_config_validate_lists_all_problems_and_fails():
    result = run("config", "validate", PERSONAE_PORT="x", PERSONAE_WORKERS="0", PERSONAE_B="1")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 3
    found = run("config", "validate", "--json", PERSONAE_PORT="x")
    assert json.loads(found.output)["problems"][0]["key"] == "port"


def test_config_files_may_be_named_by_the_environment(tmp_path):
    (tmp_path / "a.yaml").write_text("port: 1\n")
    (tmp_path / "b.yaml").write_text("port: 2\n")
    result = run(
        "config", "show", "--changed", PERSONAE_CONFIG=f"{tmp_path}/a.yaml:{tmp_path}/b.yaml"
    )
    assert result.output.startswith("port: 2 ")


def test_ready_succeeds_when_the_server_says_so(server):
    result = run("ready", "--port", str(server.server_port))
    assert (result.exit_code, result.output) == (0, "ready\n")


def test_ready_fails_with_what_the_server_says(server):
    server.status = 412
    result = run("ready", "--port", str(server.server_port))
    assert (result.exit_code, result.stderr) == (1, "not ready: 412 database: no answer\n")


def test_ready_fails_when_nothing_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run("ready", "--json", "--port", str(port))
    assert result.exit_code == 1
    assert f"nothing listens on port {port}" in json.loads(result.output)["detail"]


def test_a_server_that_does_not_answer_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = probe(silent.getsockname()[1], seconds=0.1)
    assert not answer.ready
    assert answer.detail.endswith("within 0.1 s")


@pytest.mark.parametrize(
    "odd", ["", "-1", "²", "9" * 5000, "25:00", "2026-13-01", "2026-11-23T12+24:00"]
)
def test_a_moment_that_is_none_is_refused_in_words(odd):
    with pytest.raises(click.BadParameter, match="neither a sequence nor a time"):
        Moment().convert(odd, None, None)
