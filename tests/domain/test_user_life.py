import pytest
from personae.actors.domain.kit import On, Release, Stream
from personae.actors.domain.oidc_session.facts import OpeningFacts
from personae.actors.domain.oidc_session.opening import Opening, opened
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.facts import KeyFacts, SecretFacts
from personae.actors.domain.user.values import USERNAMES

from tests.domain.language import EARLIER, FACTS, LATER, LIFETIMES, NOW, given, naming, state_of

ADDED = e.HumanAdded(user_name="Gigi")
ROBOT = e.MachineAdded(user_name="robot")
LOCKED, INACTIVE = e.UserLocked(), e.UserDeactivated()


@pytest.mark.parametrize(
    ("history", "order", "event"),
    [
        ([], c.LockUser, e.UserLocked()),
        ([LOCKED], c.UnlockUser, e.UserUnlocked()),
        ([], c.DeactivateUser, e.UserDeactivated()),
        ([LOCKED], c.DeactivateUser, e.UserDeactivated()),
        ([INACTIVE], c.ReactivateUser, e.UserReactivated()),
    ],
)
def test_a_user_goes_from_one_state_to_the_next(history, order, event):
    given(ADDED, *history).when(order(user_id="20")).then(event)


@pytest.mark.parametrize(
    ("history", "order", "reason"),
    [
        ([LOCKED], c.LockUser, refusals.ALREADY_LOCKED),
        ([INACTIVE], c.LockUser, refusals.NOT_ACTIVE),
        ([], c.UnlockUser, refusals.NOT_LOCKED),
        ([INACTIVE], c.DeactivateUser, refusals.ALREADY_INACTIVE),
        ([], c.ReactivateUser, refusals.NOT_INACTIVE),
    ],
)
def test_no_user_goes_where_it_already_is(history, order, reason):
    given(ADDED, *history).when(order(user_id="20")).refuses(reason)


def test_deleting_releases_the_name_and_forgets_all():
    story = given(ADDED).when(c.RemoveUser(user_id="20"), naming(scoped=True))
    story.then(Release(USERNAMES, "gigi:10"), e.UserRemoved())
    assert state_of("user", ADDED, e.UserRemoved()).user_name == ""


@pytest.mark.parametrize(
    "order", [c.RemoveUser, c.LockUser, c.UnlockUser, c.DeactivateUser, c.ReactivateUser]
)
@pytest.mark.parametrize("history", [[], [ADDED, e.UserRemoved()]])
def test_who_is_not_there_has_no_life(order, history):
    given(*history).when(order(user_id="20"), naming()).refuses(refusals.NOT_FOUND)


def test_a_machine_gets_a_secret_and_loses_it():
    secret = e.MachineSecretSet(hashed_secret="$s$")
    order = c.SetMachineSecret(user_id="20")
    given(ROBOT).when(order, SecretFacts(now=NOW, hashed_secret="$s$")).then(secret)
    remove = c.RemoveMachineSecret(user_id="20")
    given(ROBOT, secret).when(remove).then(e.MachineSecretRemoved())
    given(ROBOT).when(remove).refuses(refusals.SECRET_MISSING)
    assert state_of("user", ROBOT, secret, e.MachineSecretRemoved()).machine.hashed_secret == ""


def add_key(**changes):
    return c.AddMachineKey(user_id="20", key_id="k", **changes)


def test_a_machine_gets_a_key_and_loses_it():
    key = e.MachineKeyAdded(key_id="k", expiration_date=LATER, public_key=b"pem")
    given(ROBOT).when(add_key(expires=LATER), KeyFacts(now=NOW, public_key=b"pem")).then(key)
    assert state_of("user", ROBOT, key).machine.keys["k"].expires == LATER
    remove = c.RemoveMachineKey(user_id="20", key_id="k")
    given(ROBOT, key).when(remove).then(e.MachineKeyRemoved(key_id="k"))
    gone = (ROBOT, key, e.MachineKeyRemoved(key_id="k"))
    given(*gone).when(remove).refuses(refusals.KEY_NOT_FOUND)


def test_a_key_that_cannot_be_used_is_refused():
    given(ROBOT).when(add_key(), KeyFacts(now=NOW, public_key=b"")).refuses(refusals.KEY_INVALID)


@pytest.mark.parametrize("expires", [EARLIER, NOW])
def test_nothing_is_born_dead(expires):
    """ZA-24: an expiry in the past is refused when it is set."""
    key = KeyFacts(now=NOW, public_key=b"pem")
    given(ROBOT).when(add_key(expires=expires), key).refuses(refusals.EXPIRY_PAST)
    token = c.AddPersonalAccessToken(user_id="20", token_id="t", expires=expires)
    given(ROBOT).when(token).refuses(refusals.EXPIRY_PAST)


def test_a_machine_gets_a_token_and_loses_it():
    order = c.AddPersonalAccessToken(user_id="20", token_id="t", expires=LATER, scopes=("openid",))
    token = e.PersonalAccessTokenAdded(token_id="t", expiration=LATER, scopes=("openid",))
    given(ROBOT).when(order).then(token)
    assert state_of("user", ROBOT, token).machine.tokens["t"].scopes == ("openid",)
    remove = c.RemovePersonalAccessToken(user_id="20", token_id="t")
    removed = e.PersonalAccessTokenRemoved(token_id="t")
    given(ROBOT, token).when(remove).then(removed)
    given(ROBOT, token, removed).when(remove).refuses(refusals.TOKEN_NOT_FOUND)


@pytest.mark.parametrize(
    "order",
    [
        c.SetMachineSecret(user_id="20"),
        c.RemoveMachineSecret(user_id="20"),
        add_key(),
        c.RemoveMachineKey(user_id="20", key_id="k"),
        c.AddPersonalAccessToken(user_id="20", token_id="t"),
        c.RemovePersonalAccessToken(user_id="20", token_id="t"),
    ],
)
def test_only_machines_have_credentials_of_this_kind(order):
    given(ADDED).when(order, FACTS).refuses(refusals.NOT_MACHINE)
    given().when(order, FACTS).refuses(refusals.NOT_FOUND)


def test_who_acts_for_a_user_is_kept_and_changes_nothing():
    opening = Opening(user_id="20", org_id="10", access_token_id="a1", actors=("21",))
    order = c.Impersonate(
        user_id="20", application_id="40", actor_id="21", oidc_session_id="90", opening=opening
    )
    kept = e.UserImpersonated(application_id="40", actor_id="21")
    tokens = Stream("1", "oidc_session", "90")
    facts = OpeningFacts(
        now=NOW, oidc_session=tokens, user_org_id="10", lifetimes=LIFETIMES, session_alive=True
    )
    opens = [On(tokens, each, owner="10") for each in opened(opening, LIFETIMES, NOW)]
    given(ADDED).when(order, facts).then(kept, *opens)
    given().when(order, facts).refuses(refusals.NOT_FOUND)
    assert state_of("user", ADDED, kept) == state_of("user", ADDED)
