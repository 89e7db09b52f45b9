import re

import pytest
from jinja2 import Environment, nodes
from personae.actors.domain.kit import REASONS
from personae.config.texts import flat
from personae.http.login.pages import HERE

from tests.http.login.conftest import TEXTS

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
LANGUAGES = ("en", "de")


def chain(node):
    """Return the names of ``t.a.b``, or nothing for other expressions."""
    names = []
    while isinstance(node, nodes.Getattr):
        names.insert(0, node.attr)
        node = node.node
    return names if isinstance(node, nodes.Name) and node.name == "t" else []


def used(template):
    tree = Environment().parse(template.read_text())
    return [names for node in tree.find_all(nodes.Getattr) if (names := chain(node))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_text_that_a_template_uses_is_there(template, language):
    for names in used(template):
        text = TEXTS.own[language]["login"]
        for name in names:
            text = text[name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_text(language):
    code = "".join(path.read_text() for path in HERE.glob("*.py"))
    keys = set(re.findall(r'"((?:name|password|wrong|new|org)_[a-z]+)"', code)) - {"new_password"}
    keys |= {"wrong", "locked", "inactive", "busy", "none_chosen", "used"}
    assert keys <= set(TEXTS.own[language]["login"]["problems"])


def test_both_languages_say_the_same_things():
    mine = [key for key in TEXTS.missing("de") + TEXTS.strange("de") if "ogin" in key]
    assert mine == []


def test_every_refusal_of_ours_has_a_sentence():
    for id_ in REASONS:
        if id_.startswith("LOGIN-"):
            assert {id_ in TEXTS.own[each]["errors"] for each in LANGUAGES} == {True}


def test_no_text_is_unused():
    """Texts are reached by ``t.a.b`` or ``t.a[…]`` in templates, problems from the code."""
    reached = {tuple(names) for template in TEMPLATES for names in used(template)}
    for key, _ in flat(TEXTS.own["en"]["login"]):
        path = tuple(key.split("."))
        known = any(path[: len(names)] == names for names in reached)
        assert known or path[0] in {"own_name", "problems"}, key
