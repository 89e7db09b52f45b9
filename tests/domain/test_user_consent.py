"""What users allow clients."""

from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals

from tests.domain.language import given, state_of

ADDED = e.HumanAdded(user_name="gigi")
WIDE, NARROW = ("openid", "email"), ("openid",)
GIVEN = e.ConsentGiven(client_id="50", scopes=NARROW)
WITHDRAWN = e.ConsentWithdrawn(client_id="50")
WITHDRAW = c.WithdrawConsent(user_id="20", client_id="50")


def allow(*scopes):
    return c.GiveConsent(user_id="20", client_id="50", scopes=scopes)


def test_what_was_not_allowed_before_is_recorded():
    given(ADDED).when(allow(*NARROW)).then(GIVEN)
    given(ADDED, GIVEN).when(allow(*NARROW)).then_nothing()
    given(ADDED, GIVEN).when(allow(*WIDE)).then(e.ConsentGiven(client_id="50", scopes=WIDE))
    given(ADDED).when(allow()).then(e.ConsentGiven(client_id="50"))


def test_what_was_allowed_before_stays_allowed():
    more = e.ConsentGiven(client_id="50", scopes=("email",))
    user = state_of("user", ADDED, GIVEN, more)
    assert user.lets_have("50", WIDE)
    assert not user.lets_have("50", (*WIDE, "phone"))
    assert not user.lets_have("51", ())


def test_it_is_taken_back_as_a_whole():
    given(ADDED, GIVEN).when(WITHDRAW).then(WITHDRAWN)
    given(ADDED, GIVEN, WITHDRAWN).when(WITHDRAW).refuses(refusals.CONSENT_NOT_FOUND)
    assert not state_of("user", ADDED, GIVEN, WITHDRAWN).lets_have("50", NARROW)


def test_nobody_allows_nothing():
    given().when(allow(*NARROW)).refuses(refusals.NOT_FOUND)
    given().when(WITHDRAW).refuses(refusals.NOT_FOUND)
