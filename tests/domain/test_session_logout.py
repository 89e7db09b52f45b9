from dataclasses import replace
from datetime import timedelta

from personae.actors.domain.kit import Facts, On, Stream
from personae.actors.domain.session_logout import commands as c
from personae.actors.domain.session_logout import events as e
from personae.actors.domain.session_logout import refusals
from personae.actors.domain.session_logout.decide import PAUSES
from personae.actors.domain.session_logout.listening import Listening, registered

from tests.domain.language import FACTS, NOW, given, state_of

ASKED = {"oidc_session_id": "90", "user_id": "20", "client_id": "50", "uri": "https://x.test/bye"}
REGISTER = c.RegisterListener(session_id="70", issuer="https://i.test", **ASKED)
REGISTERED = e.LogoutRegistered(issuer="https://i.test", **ASKED)
TRY = c.TryLogout(session_id="70", oidc_session_id="90")
TRIED = e.LogoutTried(oidc_session_id="90", made_at=NOW)
SENT = e.LogoutSent(oidc_session_id="90")


def test_a_client_is_registered_once():
    given().when(REGISTER).then(REGISTERED)
    given(REGISTERED).when(REGISTER).then_nothing()


def test_the_next_try_waits_longer_each_time():
    for tries, pause in enumerate((*PAUSES, PAUSES[-1]), 1):
        story = (REGISTERED, *[TRIED] * tries)
        early, late = (Facts(now=NOW + pause + by) for by in (timedelta(seconds=-1), timedelta()))
        given(*story).when(TRY, early).refuses(refusals.NOT_DUE)
        given(*story).when(TRY, late).then(e.LogoutTried(oidc_session_id="90", made_at=late.now))
    given(REGISTERED).when(TRY).then(TRIED)


def test_who_has_heard_is_told_no_more():
    done = c.FinishLogout(session_id="70", oidc_session_id="90", reached=True)
    given(REGISTERED, TRIED).when(done).then(SENT)
    given(REGISTERED, SENT).when(done).then_nothing()
    given(REGISTERED, SENT).when(TRY).refuses(refusals.NOT_FOUND)
    assert state_of("session_logout", REGISTERED, SENT, TRIED).waiting == {}


def test_a_client_is_to_be_told_in_the_browser_once_for_each_name_it_knows_us_by():
    def register(issuer):
        return replace(REGISTER, uri="", front=True, issuer=issuer)

    first = e.FrontChannelRegistered(client_id="50", issuer="https://i.test")
    other = e.FrontChannelRegistered(client_id="50", issuer="https://j.test")
    given().when(register("https://i.test")).then(first)
    given(first).when(register("https://i.test")).then_nothing()
    given(first).when(register("https://j.test")).then(other)
    assert state_of("session_logout", REGISTERED, first, other, TRIED, SENT).front == {
        "50": "https://j.test"
    }
    given().when(replace(REGISTER, front=True)).then(REGISTERED, first)


def test_who_gets_tokens_is_kept_beside_them_in_the_stream_of_the_session():
    stream = Stream("1", "session_logout", "70")
    known = e.FrontChannelRegistered(client_id="51", issuer="https://i.test")
    state = state_of("session_logout", known)
    listening = Listening(order=REGISTER, stream=stream, state=state, version=1)
    assert list(registered(listening, FACTS)) == [On(stream, REGISTERED, 1, "1")]
