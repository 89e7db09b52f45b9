"""Records are replaced as ``dataclasses.replace`` would, whatever their class is like."""

import dataclasses
from dataclasses import dataclass, field

import pytest
from personae.actors.domain.kit import KINDS, Facts, replace

from tests.domain import language  # noqa: F401 — it loads the domain
from tests.domain.language import NOW


@dataclass(frozen=True, slots=True)
class Plain:
    name: str = ""
    tags: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    size: int = 0

    def __post_init__(self):
        if self.size < 0:
            raise ValueError("size")


@dataclass(frozen=True)
class Loose:
    name: str = "a"
    size: int = 0


@pytest.mark.parametrize("record", [Plain("a", {"b": 1}), Checked(2), Loose(), Facts(now=NOW)])
def test_a_copy_is_equal_and_another_object(record):
    assert replace(record) == record
    assert replace(record) is not record


def test_what_is_named_changes_and_nothing_else():
    before = Plain("a", {"b": 1})
    after = replace(before, name="c")
    assert (after.name, after.tags, before.name) == ("c", {"b": 1}, "a")


def test_the_checks_of_a_class_are_kept():
    with pytest.raises(ValueError, match="size"):
        replace(Checked(1), size=-1)


def test_an_unknown_field_is_refused():
    with pytest.raises(TypeError, match="colour"):
        replace(Plain(), colour="red")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_states_are_copied_as_the_standard_library_would(kind):
    assert replace(kind.initial) == dataclasses.replace(kind.initial) == kind.initial
