from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.session import commands as c
from personae.actors.domain.session import events as e
from personae.actors.domain.session import refusals
from personae.actors.domain.session.facts import CheckFacts, TerminateFacts
from personae.actors.domain.session.values import UserAgent

from tests.domain.language import EARLIER, HOUR, LATER, NOW, given, state_of

ADDED = e.SessionAdded()
FIRST = e.TokenSet(token_id="t1")
USER = e.UserChecked(
    user_id="20", user_resource_owner="10", checked_at=NOW, preferred_language="de"
)
ENDED = e.SessionTerminated()
NOTHING = CheckFacts(now=NOW)
FOUND = CheckFacts(now=NOW, user_id="20", org_id="10", language="de")
PERMITTED = replace(NOTHING, permitted=True)
PASSWORD = c.Checks(password="s3cret")


def add(**changes):
    return c.AddSession(session_id="70", instance_id="1", token_id="t1", **changes)


def change(presented="t1", **changes):
    return c.SetSession(session_id="70", token_id="t2", presented=presented, **changes)


def end(presented=""):
    return c.TerminateSession(session_id="70", presented=presented)


def test_a_session_may_begin_with_nothing_proved():
    agent = UserAgent(ip="127.0.0.1")
    given().when(add(user_agent=agent), NOTHING).then(e.SessionAdded(user_agent=agent), FIRST)


def test_a_session_may_begin_with_all_at_once():
    order = add(checks=PASSWORD, metadata={"a": b"1"}, lifetime=timedelta(hours=1))
    given().when(order, replace(FOUND, password_right=True)).then(
        ADDED,
        USER,
        e.PasswordChecked(checked_at=NOW),
        e.SessionMetadataSet(metadata={"a": b"1"}),
        e.LifetimeSet(lifetime=HOUR, since=NOW),
        FIRST,
    )


@pytest.mark.parametrize("history", [[ADDED], [ADDED, ENDED]])
def test_an_id_is_never_used_twice(history):
    given(*history).when(add(), NOTHING).refuses(refusals.ALREADY_EXISTS)


def test_every_change_makes_a_new_token_and_ends_the_old_one():
    given(ADDED, FIRST).when(change(), FOUND).then(USER, e.TokenSet(token_id="t2"))
    assert state_of("session", ADDED, FIRST, e.TokenSet(token_id="t2")).token_id == "t2"
    used = (ADDED, FIRST, e.TokenSet(token_id="t2"))
    given(*used).when(change("t1"), NOTHING).refuses(refusals.TOKEN_INVALID)


@pytest.mark.parametrize("presented", ["", "t2", "T1"])
def test_who_shows_another_token_or_none_changes_nothing(presented):
    """ZA-27."""
    given(ADDED, FIRST).when(change(presented), NOTHING).refuses(refusals.TOKEN_INVALID)


def test_no_token_does_not_fit_a_session_without_one():
    given(ADDED).when(change(""), NOTHING).refuses(refusals.TOKEN_INVALID)


def test_who_is_permitted_needs_no_token():
    given(ADDED, FIRST).when(change(""), PERMITTED).then(e.TokenSet(token_id="t2"))


def test_a_session_keeps_its_user():
    other = replace(FOUND, user_id="21")
    given(ADDED, FIRST, USER).when(change(), other).refuses(refusals.USER_CHANGED)
    given(ADDED, FIRST, USER).when(change(), FOUND).includes(USER)


def test_a_password_is_somebodys():
    given(ADDED, FIRST).when(change(checks=PASSWORD), NOTHING).refuses(refusals.USER_MISSING)


def test_a_password_proves_who_was_found_before():
    right = replace(NOTHING, password_right=True)
    checked = e.PasswordChecked(checked_at=NOW)
    given(ADDED, FIRST, USER).when(change(checks=PASSWORD), right).includes(checked)


def test_a_password_that_was_not_right_proves_nothing():
    story = given(ADDED, FIRST, USER).when(change(checks=PASSWORD), NOTHING)
    story.then(e.TokenSet(token_id="t2"))


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), timedelta(days=200_000)])
def test_a_lifetime_is_positive_and_finite(life):
    given().when(add(lifetime=life), NOTHING).refuses(refusals.LIFETIME_INVALID)


def test_the_longest_lifetime_ends():
    life = timedelta(days=365 * 290)
    story = given().when(add(lifetime=life), NOTHING)
    assert state_of("session", *story.decisions).expires == NOW + life


def test_a_session_that_ended_changes_no_more():
    given().when(change(), PERMITTED).refuses(refusals.NOT_FOUND)
    given(ADDED, FIRST, ENDED).when(change(), PERMITTED).refuses(refusals.TERMINATED)
    given(ADDED, FIRST, ENDED).when(change(""), NOTHING).refuses(refusals.TERMINATED)
    expired = e.LifetimeSet(lifetime=HOUR, since=EARLIER)
    given(ADDED, FIRST, expired).when(change(), PERMITTED).refuses(refusals.EXPIRED)


def test_its_token_or_a_right_ends_a_session_once():
    permitted = TerminateFacts(now=NOW, permitted=True)
    nothing = TerminateFacts(now=NOW)
    given(ADDED, FIRST).when(end("t1"), nothing).then(ENDED)
    given(ADDED, FIRST).when(end(), permitted).then(ENDED)
    given(ADDED, FIRST).when(end(), nothing).refuses(refusals.TOKEN_INVALID)
    given(ADDED, FIRST, ENDED).when(end(), nothing).then_nothing()
    given().when(end(), permitted).refuses(refusals.NOT_FOUND)


def test_a_session_lives_until_it_ends_or_expires():
    life = e.LifetimeSet(lifetime=HOUR, since=NOW)
    assert state_of("session", ADDED).alive(LATER)
    session = state_of("session", ADDED, life)
    assert session.alive(LATER - timedelta(microseconds=1))
    assert not session.alive(LATER)
    assert not state_of("session", ADDED, ENDED).alive(NOW)
    assert not state_of("session").alive(NOW)


@pytest.mark.parametrize(
    "event", [e.LifetimeSet(lifetime=0, since=NOW), e.LifetimeSet(lifetime=HOUR)]
)
def test_a_lifetime_without_length_or_start_has_no_end(event):
    assert state_of("session", ADDED, event).expires is None


def test_empty_metadata_is_taken_away():
    first = e.SessionMetadataSet(metadata={"a": b"1", "b": b"2"})
    second = e.SessionMetadataSet(metadata={"a": b"", "c": b"3"})
    assert state_of("session", ADDED, first, second).metadata == {"b": b"2", "c": b"3"}


def test_what_was_proved_is_said_in_the_words_of_amr():
    assert state_of("session", ADDED, USER).auth_methods == ()
    session = state_of("session", ADDED, USER, e.PasswordChecked(checked_at=NOW))
    assert (session.auth_methods, session.auth_time) == (("pwd",), NOW)


def test_the_password_is_not_shown_when_checks_are_printed():
    assert "s3cret" not in repr(add(checks=PASSWORD))
