"""What events make of the rows of sessions and signing keys."""

from datetime import timedelta

import pytest
from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.session import events as e
from personae.actors.domain.session.values import UserAgent
from personae.actors.domain.user.events import UserRemoved
from personae.actors.domain.values import Sealed
from personae.actors.domain.web_key import events as k
from personae.actors.domain.web_key.state import Status
from personae.projections.sessions import SESSIONS
from personae.projections.web_keys import WEB_KEYS

from tests.projections.folding import INSTANCE, ORG, START, at, folded

AGENT = UserAgent(fingerprint_id="f1", header={"a": ("b",)})
CHECKED = e.UserChecked(user_id="u1", user_resource_owner=ORG, checked_at=START)


def session(*events):
    history = (e.SessionAdded(user_agent=AGENT), *events)
    rows = folded(SESSIONS, *(("session", "s1", event) for event in history), owner=INSTANCE)
    return rows.get("s1")


def test_a_session_is_kept_with_what_was_proved():
    row = session(CHECKED, e.PasswordChecked(checked_at=at(9)), e.TokenSet(token_id="t"))
    assert (row.creator, row.user_id, row.user_org) == ("me", "u1", ORG)
    assert (row.user_checked, row.password_checked) == (START, at(9))
    assert (row.fingerprint_id, row.sequence) == ("f1", 4)
    assert dict(row.user_agent["header"]) == {"a": ("b",)}


@pytest.mark.parametrize(
    ("event", "column"),
    [(e.TotpChecked, "totp_checked"), (e.OtpSmsChecked, "otp_sms_checked"),
     (e.OtpEmailChecked, "otp_email_checked"), (e.RecoveryCodeChecked, "recovery_code_checked"),
     (e.WebAuthnChecked, "web_auth_n_checked")],
)  # fmt: skip
def test_each_factor_keeps_when_it_was_proved(event, column):
    assert getattr(session(CHECKED), column) is None
    assert getattr(session(CHECKED, event(checked_at=at(9))), column) == at(9)


def test_whether_a_credential_verified_its_user_is_kept():
    checked = e.WebAuthnChecked(checked_at=at(9), user_verified=True)
    assert session(CHECKED, checked).user_verified


def test_metadata_is_merged_and_empty_values_are_removed():
    row = session(
        e.SessionMetadataSet(metadata={"a": b"1", "b": b"2"}),
        e.SessionMetadataSet(metadata={"a": b"", "c": b"3"}),
    )
    assert row.metadata == {"b": "Mg==", "c": "Mw=="}


def test_a_lifetime_ends_when_it_says_counted_from_when_it_was_set():
    hour = e.LifetimeSet(lifetime=nanoseconds(timedelta(hours=1)), since=START)
    assert session(hour).expires == START + timedelta(hours=1)
    assert session(hour, e.LifetimeSet(lifetime=0)).expires is None


@pytest.mark.parametrize(
    "end",
    [("session", "s1", e.SessionTerminated()), ("user", "u1", UserRemoved()),
     ("org", ORG, OrgRemoved()), ("instance", INSTANCE, InstanceRemoved())],
)  # fmt: skip
def test_sessions_end_with_what_they_belong_to(end):
    history = [("session", "s1", e.SessionAdded()), ("session", "s1", CHECKED)]
    assert folded(SESSIONS, *history, end) == {}


def test_signing_keys_are_kept_until_removed():
    added = k.WebKeyAdded(private_key=Sealed("1", "x"), public_key={"kid": "k1"}, algorithm="ES256")
    history = [("web_key", "k1", added), ("web_key", "k1", k.WebKeyActivated())]
    row = folded(WEB_KEYS, *history)["k1"]
    assert (row.algorithm, row.state, row.public) == ("ES256", Status.ACTIVE, {"kid": "k1"})
    history.append(("web_key", "k1", k.WebKeyDeactivated()))
    assert folded(WEB_KEYS, *history)["k1"].state == Status.INACTIVE
    assert folded(WEB_KEYS, *history, ("web_key", "k1", k.WebKeyRemoved())) == {}
