"""Reducers folded without a database."""

from datetime import timedelta

import pytest
from personae.projections.kit import Fold, Table, UpdateWhere, text

from tests.projections.people import (
    BADGES,
    PEOPLE,
    START,
    BadgeGiven,
    ClubClosed,
    PersonAdded,
    PersonGreeted,
    PersonRemoved,
    PersonRenamed,
    recorded_events,
)


def folded(table, *happened, rows=None):
    fold = Fold(table, "i1", rows or {})
    for recorded in recorded_events(*happened):
        fold.apply(recorded)
    return fold


def test_an_event_makes_a_row_with_what_every_table_has():
    [row] = folded(PEOPLE, ("gigi", PersonAdded(name="Gigi", age=7))).kept
    assert (row.instance_id, row.id, row.name, row.age) == ("i1", "gigi", "Gigi", 7)
    assert (row.resource_owner, row.sequence) == ("club", 1)
    assert row.creation_date == row.change_date == START + timedelta(seconds=1)


def test_a_later_event_changes_the_row_and_keeps_its_creation():
    events = [("gigi", PersonAdded(name="Gigi")), ("gigi", PersonRenamed(name="Gina"))]
    [row] = folded(PEOPLE, *events).kept
    assert (row.name, row.sequence) == ("Gina", 2)
    assert row.creation_date < row.change_date


def test_an_event_the_table_does_not_know_changes_nothing():
    assert folded(PEOPLE, ("gigi", PersonGreeted())).empty


def test_an_update_of_a_row_that_is_not_there_makes_none():
    fold = folded(PEOPLE, ("gigi", PersonRenamed(name="Gina")))
    assert fold.empty


def test_a_removed_row_is_gone():
    fold = folded(PEOPLE, ("gigi", PersonAdded(name="Gigi")), ("gigi", PersonRemoved()))
    assert (fold.kept, fold.gone) == ([], [("gigi",)])


def test_a_wide_operation_reaches_the_rows_in_memory():
    fold = folded(PEOPLE, ("gigi", PersonAdded(name="Gigi")), ("club", ClubClosed()))
    assert (fold.kept, fold.gone) == ([], [("gigi",)])
    assert len(fold.wide) == 1


def test_what_happens_after_a_wide_operation_stays():
    fold = folded(PEOPLE, ("club", ClubClosed()), ("gigi", PersonAdded(name="Gigi")))
    assert [row.id for row in fold.kept] == ["gigi"]


def test_one_aggregate_may_have_many_rows():
    fold = folded(BADGES, ("gigi", BadgeGiven(badge="a")), ("gigi", BadgeGiven(badge="b")))
    assert [(row.person_id, row.badge) for row in fold.kept] == [("gigi", "a"), ("gigi", "b")]


def test_the_wide_operation_of_an_event_comes_before_its_row():
    first, second = BadgeGiven(badge="a", main=True), BadgeGiven(badge="b", main=True)
    fold = folded(BADGES, ("gigi", first), ("gigi", second))
    assert {row.badge: row.main for row in fold.kept} == {"a": False, "b": True}


def test_a_failed_event_leaves_no_trace():
    fold = folded(PEOPLE, ("gigi", PersonAdded(name="Gigi")))
    before = fold.kept
    with pytest.raises(ValueError):
        fold.apply(recorded_events(("gigi", PersonRenamed(name="poison")))[0])
    assert fold.kept == before


def test_a_failed_event_takes_its_wide_operations_back():
    table = Table("things", version=1, columns={"name": text()})
    table.across(PersonRenamed)(lambda _recorded: UpdateWhere({}, {"name": "?"}))
    table.on(PersonAdded)(lambda _row, recorded: table.new(name=recorded.event.name))
    table.on(PersonRenamed)(lambda _row, _recorded: 1 / 0)
    fold = folded(table, ("gigi", PersonAdded(name="Gigi")))
    with pytest.raises(ZeroDivisionError):
        fold.apply(recorded_events(("gigi", PersonRenamed(name="Gina")))[0])
    assert (fold.kept[0].name, fold.wide) == ("Gigi", [])


def test_a_row_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        PEOPLE.new(name="Gigi").name = "Gina"


@pytest.mark.parametrize("name", ["Users", "a b", 'x"; DROP', "", "a" * 41])
def test_names_that_are_no_identifiers_are_refused(name):
    with pytest.raises(ValueError):
        Table(name, version=1, columns={})


def test_a_table_with_another_key_needs_to_be_told_which_row():
    with pytest.raises(ValueError):
        BADGES.on(PersonAdded)
