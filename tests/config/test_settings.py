import re
from datetime import timedelta
from pathlib import Path

import pytest
from personae.config.document import TARGET, comments, document
from personae.config.load import Loaded, defaults, load, shape
from personae.config.serving import own_port_of
from personae.config.sources import SettingsError
from pydantic import ValidationError


def problems(**given) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(**{"environ": {}} | given)
    return [str(problem) for problem in caught.value.problems]


def settings(environ: dict[str, str] | None = None, *files: Path):
    return load(files, environ or {}).settings


@pytest.fixture
def yaml_file(tmp_path):
    def write(text: str, name: str = "personae.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_defaults_are_what_scripts_rely_on():
    it = settings()
    assert (it.port, it.external_domain, it.external_port, it.workers) == (
        8080,
        "localhost",
        8080,
        1,
    )
    assert (it.external_secure, it.database, it.external_url) == (
        False,
        None,
        "http://localhost:8080",
    )
    assert (it.hashing.argon2_memory, it.hashing.argon2_iterations) == (19456, 2)
    assert it.oidc.refresh_token_expiration == timedelta(hours=2160)


def test_defaults_yaml_holds_every_setting_of_the_models():
    assert set(defaults()) == set(shape().fields)


def test_every_setting_and_section_has_a_comment():
    texts = comments()
    silent = [key for key in (*shape().fields, *shape().sections) if not texts.get(key)]
    assert silent == []


def test_the_configuration_page_is_fresh():
    assert TARGET.read_text() == document(), "run python -m personae.config.document"


def test_the_configuration_page_names_every_variable():
    page = document()
    named = set(re.findall(r"<br>`(PERSONAE_[A-Z0-9_]+)`", page))
    assert len(named) == len(shape().fields)


def test_the_configuration_page_has_each_section_once():
    headings = re.findall(r"^## .*$", document(), re.MULTILINE)
    assert len(headings) == len(set(headings))


def test_files_merge_in_order_and_the_later_wins(yaml_file):
    first = yaml_file("port: 1\nstore: {batch: 7, queue: 8}\n", "a.yaml")
    second = yaml_file("port: 2\nstore:\n  batch: 9\n", "b.yaml")
    it = settings(None, first, second)
    assert (it.port, it.store.batch, it.store.queue, it.store.connections) == (2, 9, 8, 10)


def test_flags_win_over_environment_over_files(yaml_file):
    path = yaml_file("port: 1\nworkers: 2\nexternal_port: 3\n")
    loaded = load(
        (path,), {"PERSONAE_PORT": "4", "PERSONAE_WORKERS": "5"}, {"port": 6, "data": None}
    )
    assert (loaded.settings.port, loaded.settings.workers) == (6, 5)
    assert loaded.settings.external_port == 3


def test_every_value_knows_its_origin(yaml_file):
    path = yaml_file("\nworkers: 2\n")
    entries = load((path,), {"PERSONAE_STORE__BATCH": "3"}, {"port": 6}).entries
    assert entries["workers",].origin == f"{path}:2"
    assert entries["store", "batch"].origin == "env PERSONAE_STORE__BATCH"
    assert entries["port",].origin == "flag --port"
    assert entries["data",].origin == "default"


def test_the_names_that_scripts_use_arrive_in_their_fields():
    prefix = "PERSONAE_FIRST_INSTANCE__"
    it = settings(
        {
            f"{prefix}ADMIN__USER_NAME": "ada",
            f"{prefix}ADMIN__PASSWORD": "Secret-1!",
            f"{prefix}PAT_PATH": "/tmp/pat",
            f"{prefix}MACHINE_KEY_PATH": "/tmp/key.json",
            f"{prefix}LOGIN_CLIENT_PAT_PATH": "/tmp/login",
        }
    ).first_instance
    assert (it.admin.user_name, it.admin.email) == ("ada", "ada@localhost")
    assert it.admin.password.get_secret_value() == "Secret-1!"
    assert [str(it.pat_path), str(it.machine_key_path)] == ["/tmp/pat", "/tmp/key.json"]
    assert str(it.login_client_pat_path) == "/tmp/login"


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("localhost", "http://localhost:8080"),
        ("a.localhost", "http://a.localhost:8080"),
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("[::1]", "http://[::1]:8080"),
        ("id.example.com", "https://id.example.com:8080"),
    ],
)
def test_only_this_machine_is_addressed_without_tls(domain, url):
    assert settings({"PERSONAE_EXTERNAL_DOMAIN": domain}).external_url == url


@pytest.mark.parametrize(
    ("domain", "said", "there"),
    [
        ("localhost", None, True), ("id.localhost", None, True), ("127.0.0.1", None, True),
        ("id.example.com", None, False), ("localhost.example.com", None, False),
        ("id.example.com", "true", True), ("localhost", "false", False),
    ],
)  # fmt: skip
def test_a_playground_is_there_on_this_machine_or_where_it_is_wanted(domain, said, there):
    environ = {"PERSONAE_EXTERNAL_DOMAIN": domain}
    environ |= {"PERSONAE_OIDC__PLAYGROUND": said} if said else {}
    assert settings(environ).oidc.playground is there


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"PERSONAE_SERVER__HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),
        ({"PERSONAE_SERVER__HOST": "::"}, "http://[::1]:8080"),
        ({"PERSONAE_SERVER__HOST": "10.1.2.3", "PERSONAE_PORT": "9000"}, "http://10.1.2.3:9000"),
    ],
)
def test_the_playground_finds_its_own_port_wherever_the_server_listens(environ, url):
    own_port = own_port_of(settings(environ))
    assert own_port is not None
    assert own_port() == url
    assert own_port_of(settings({**environ, "PERSONAE_OIDC__PLAYGROUND": "false"})) is None


def test_the_standard_port_is_left_out_of_the_address():
    environ = {"PERSONAE_EXTERNAL_DOMAIN": "id.example.com", "PERSONAE_EXTERNAL_PORT": "443"}
    assert settings(environ).external_url == "https://id.example.com"


def test_the_external_port_follows_the_port():
    assert settings({"PERSONAE_PORT": "9000"}).external_url == "http://localhost:9000"


def test_a_chosen_password_need_not_be_changed_and_a_made_up_one_must():
    chosen = settings({"PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD": "Secret-1!"})
    assert not chosen.first_instance.admin.password_change_required
    assert settings().first_instance.admin.password_change_required


def test_a_mistyped_key_in_a_file_is_named_with_line_and_nearest(yaml_file):
    path = yaml_file("port: 1\noidc:\n  acess_token_lifetime: 1h\n")
    assert problems(files=(path,)) == [
        f"oidc.acess_token_lifetime ({path}:3): is not a setting; did you mean oidc.access_token_lifetime?"
    ]


def test_a_mistyped_variable_is_named_with_the_nearest():
    assert problems(environ={"PERSONAE_PROT": "1"}) == [
        "PERSONAE_PROT (env): is not a setting; did you mean PERSONAE_PORT?"
    ]


def test_a_key_in_the_wrong_section_is_found_by_its_last_word(yaml_file):
    (line,) = problems(files=(yaml_file("argon2_memory: 1\n"),))
    assert line.endswith("did you mean hashing.argon2_memory?")


def test_a_key_written_twice_is_refused(yaml_file):
    path = yaml_file("port: 1\nport: 2\n")
    assert problems(files=(path,)) == [f"port ({path}:2): is written twice in this file"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port: [", "is not YAML"),
        ("just words", "does not hold settings"),
        ("store: 3", "holds further settings"),
        ("port: 99999", "less than or equal to 65535"),
        ("oidc: {id_token_lifetime: soon}", "write a duration like 90s"),
        ("database: localhost", "write postgresql://"),
        ("server: {tls_key: k.pem}", "TLS needs both"),
        ("oidc: {access_token_lifetime: 9999h}", "is longer than oidc.refresh_token_expiration"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(yaml_file, text, expected):
    (line,) = problems(files=(yaml_file(text),))
    assert expected in line
    assert "\n" not in line


def test_a_missing_file_is_a_problem(tmp_path):
    (line,) = problems(files=(tmp_path / "no.yaml",))
    assert "cannot be read" in line


def test_all_problems_are_reported_at_once():
    assert (
        len(problems(environ={"PERSONAE_PORT": "x", "PERSONAE_WORKERS": "0", "PERSONAE_A": "1"}))
        == 3
    )


def test_a_weak_first_password_is_refused_with_rule_and_setting():
    lines = problems(environ={"PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD": "abcdefg1"})
    assert lines == [
        "first_instance.admin.password (env PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD): "
        f"needs {what} (policies.password_complexity.{rule})"
        for what, rule in (("an upper-case letter", "has_uppercase"), ("a symbol", "has_symbol"))
    ]


def test_no_problem_repeats_a_secret():
    environ = {
        "PERSONAE_MASTERKEY": "hunter2",
        "PERSONAE_DATABASE": "hunter2",
        "PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD": "hunter2",
    }
    assert "hunter2" not in "".join(problems(environ=environ))


def test_lists_and_maps_come_from_variables_too():
    it = settings(
        {
            "PERSONAE_SERVER__TRUSTED_PROXIES": "10.0.0.0/8,::1/128",
            "PERSONAE_POLICIES__LOGIN__SECOND_FACTORS": "[totp]",
            "PERSONAE_LOGGING__LOGGERS": "{aiohttp: error}",
        }
    )
    assert it.server.trusted_proxies == ("10.0.0.0/8", "::1/128")
    assert it.policies.login.second_factors == ("totp",)
    assert it.logging.loggers == {"aiohttp": "error"}


def test_an_empty_variable_counts_as_not_set():
    assert settings({"PERSONAE_PORT": ""}).port == 8080


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h30m", 5400), ("250ms", 0.25), ("30d", 2592000), ("7", None)],
)
def test_durations_are_written_with_units(yaml_file, text, seconds):
    path = yaml_file(f"actors: {{idle: '{text}'}}\n")
    if seconds is None:
        assert len(problems(files=(path,))) == 1
    else:
        assert settings(None, path).actors.idle == timedelta(seconds=seconds)


def test_settings_cannot_be_changed_after_the_start():
    with pytest.raises(ValidationError):
        settings().port = 1


def test_the_default_login_policy_is_the_published_one():
    policy = settings().policies.login
    assert policy.mfa_init_skip_lifetime == timedelta(hours=720)
    assert (policy.second_factors, policy.multi_factors) == (
        ("totp", "u2f"),
        ("u2f_with_verification",),
    )


def test_settings_and_origins_come_together():
    assert isinstance(load(environ={}), Loaded)
