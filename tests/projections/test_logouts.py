from personae.actors.domain.session.events import SessionTerminated
from personae.actors.domain.session_logout import events as e
from personae.projections.logouts import LOGOUTS

from tests.projections.folding import INSTANCE, folded


def row(*events):
    history = (
        ("session" if isinstance(each, SessionTerminated) else "session_logout", "s1", each)
        for each in events
    )
    return folded(LOGOUTS, *history, owner=INSTANCE).get("s1")


def asked(id_):
    return e.LogoutRegistered(oidc_session_id=id_, user_id="u", client_id="c", uri="https://x.test")


def test_a_session_is_there_until_its_last_client_has_heard():
    two = (asked("1"), asked("2"), SessionTerminated())
    assert (row(*two).waiting, row(*two).ended) == (2, 1)
    assert row(asked("1")).ended == 0
    assert row(*two, e.LogoutSent(oidc_session_id="1")).waiting == 1
    assert row(*two, *[e.LogoutSent(oidc_session_id=each) for each in "12"]) is None


def test_a_session_without_such_clients_is_not():
    assert row(SessionTerminated()) is None
