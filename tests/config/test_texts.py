import importlib
import pkgutil
import tomllib
from pathlib import Path

import pytest
from personae.actors.domain.kit import REASONS
from personae.config.texts import Texts, flat, placeholders, preferred

TEXTS = Texts.load()
ROOT = Path(__file__).parents[2]
TOOLS = {"build", "__main__"}


def import_every_room():
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "root_packages"
    ]
    for room in rooms:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if module.name.rpartition(".")[2] not in TOOLS:
                importlib.import_module(module.name)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "en.yaml").write_text(
        "errors: {A-One: 'Hello {name}'}\nlogin: {title: Sign in, next: Next}\n"
    )
    (tmp_path / "de.yaml").write_text("login: {title: Anmelden}\n")
    (tmp_path / "user.de.yaml").write_text("errors: {A-One: 'Hallo {nam}', A-Two: Zwei}\n")
    return tmp_path


@pytest.mark.parametrize("language", TEXTS.languages)
def test_every_reason_has_a_sentence_in_every_language(language):
    import_every_room()
    sentences = TEXTS.own[language]["errors"]
    assert [id_ for id_ in sorted(REASONS) if not sentences.get(id_)] == []


@pytest.mark.parametrize("language", TEXTS.languages)
def test_no_shipped_language_misses_a_text_or_strays(language):
    assert TEXTS.missing(language) == []
    assert TEXTS.strange(language) == []


def test_sentences_are_whole_sentences():
    ends = [
        key for key, text in flat(TEXTS.own["en"]["errors"]) if not text.endswith((".", "?", "!"))
    ]
    assert ends == []


def test_files_of_one_language_are_merged(folder):
    assert Texts.load(folder).sentence("A-Two", "de") == "Zwei"


def test_a_text_given_twice_is_refused(folder):
    (folder / "other.en.yaml").write_text("login: {title: Log in}\n")
    with pytest.raises(ValueError, match="title"):
        Texts.load(folder)


def test_what_a_language_lacks_is_said_in_english(folder):
    assert Texts.load(folder).tree("de", "login") == {"title": "Anmelden", "next": "Next"}


def test_an_unknown_language_is_answered_in_english(folder):
    assert Texts.load(folder).tree("xx", "login")["title"] == "Sign in"


def test_missing_texts_and_strange_placeholders_are_listed(folder):
    texts = Texts.load(folder)
    assert texts.missing("de") == ["login.next"]
    assert texts.strange("de") == ["errors.A-One", "errors.A-Two"]


def test_placeholders_are_filled_and_never_evaluated(folder):
    texts = Texts.load(folder)
    assert texts.sentence("A-One", "en", {"name": "{errors}"}) == "Hello {errors}"
    assert texts.sentence("A-One", "en") == "Hello {name}"
    assert placeholders("{a} {b.c} {0} {a}") == {"a"}


def test_an_id_without_a_sentence_stays_readable(folder):
    assert Texts.load(folder).sentence("A-Three", "de") == "A-Three"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-CH, en;q=0.5", "de"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("fr", "en"),
        ("de;q=x, en", "en"),
        ("\x00;;;=,,," * 1000, "en"),
    ],
)
def test_the_best_allowed_language_is_chosen(header, expected):
    assert Texts.negotiate(header, ("en", "de")) == expected


def test_equal_wishes_keep_their_order():
    assert preferred("a;q=0.5, b, c") == ["b", "c", "a"]
