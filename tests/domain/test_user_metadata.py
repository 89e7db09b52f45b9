"""What others keep about users."""

import pytest
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals

from tests.domain.language import NOW, given, human_facts, naming

ADDED, ROBOT = e.HumanAdded(user_name="gigi"), e.MachineAdded(user_name="robot")
TEAM = e.MetadataSet(key="team", value=b"blue")
SET = c.SetMetadata(user_id="20", entries=(("team", b"blue"),))


@pytest.mark.parametrize("user", [ADDED, ROBOT])
def test_entries_are_set_where_they_differ(user):
    given(user).when(SET).then(TEAM)
    given(user, TEAM).when(SET).then_nothing()
    given(user, e.MetadataSet(key="team", value=b"red")).when(SET).then(TEAM)


def test_an_entry_needs_key_and_value():
    for entry in (("", b"x"), ("x", b"")):
        story = given(ADDED).when(c.SetMetadata(user_id="20", entries=(entry,)))
        story.refuses(refusals.METADATA_EMPTY)


def test_entries_are_removed_by_key():
    removed = e.MetadataRemoved(key="team")
    remove = c.RemoveMetadata(user_id="20", keys=("team", "team"))
    given(ADDED, TEAM).when(remove).then(removed)
    given(ADDED, TEAM, removed).when(remove).refuses(refusals.METADATA_NOT_FOUND)


def test_nobody_has_no_metadata():
    given().when(SET).refuses(refusals.NOT_FOUND)
    given().when(c.RemoveMetadata(user_id="20", keys=())).refuses(refusals.NOT_FOUND)


def test_metadata_changes_with_the_rest_of_a_user():
    entries = (("team", b"blue"),)
    human = c.UpdateHuman(user_id="20", metadata=entries)
    given(ADDED).when(human, human_facts()).then(TEAM)
    given(ROBOT).when(c.UpdateMachine(user_id="20", metadata=entries), naming()).then(TEAM)


def test_a_second_factor_is_put_off():
    given(ADDED).when(c.SkipMfaSetup(user_id="20")).then(e.MfaSetupSkipped(skipped_at=NOW))
    given(ROBOT).when(c.SkipMfaSetup(user_id="20")).refuses(refusals.NOT_HUMAN)
