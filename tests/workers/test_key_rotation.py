"""Signing keys by time: what is due, for each profile apart."""

from datetime import timedelta
from types import SimpleNamespace

from personae.actors.domain.web_key.state import Status
from personae.actors.workers.key_rotation import Plan, plan

from tests.domain.language import NOW

LIFE, KEEP = timedelta(days=90), timedelta(days=2)


def key(id_, state, days, algorithm="RS256"):
    then = NOW - timedelta(days=days)
    return SimpleNamespace(
        id=id_, state=state, algorithm=algorithm,
        creation_date=then, change_date=then,
    )  # fmt: skip


def due(*keys, profile=""):
    return plan(keys, NOW, LIFE, KEEP, profile)


def test_the_key_that_waits_longest_takes_over_and_a_newer_one_is_published():
    waiting = key("2", Status.INITIAL, 80), key("3", Status.INITIAL, 1)
    assert due(key("1", Status.ACTIVE, 89), *waiting) == Plan()
    assert due(key("1", Status.ACTIVE, 90), *waiting) == Plan("2", "1", "RS256")


def test_what_has_not_signed_for_long_enough_goes():
    active = key("2", Status.ACTIVE, 1)
    assert due(key("1", Status.INACTIVE, 1), active) == Plan()
    assert due(key("1", Status.INACTIVE, 2), active) == Plan(remove=("1",))


def test_an_instance_that_keeps_no_next_key_is_left_alone():
    assert due(key("1", Status.ACTIVE, 100)) == Plan()
    assert due(key("1", Status.INITIAL, 100)) == Plan()


def test_a_profile_begins_with_one_key_and_gets_the_next_before_it_is_due():
    first = key("1", Status.ACTIVE, 0, "ES256")
    assert due(first, profile="fapi") == Plan(algorithm="ES256")
    assert due(first, key("2", Status.INITIAL, 0, "ES256"), profile="fapi") == Plan()
