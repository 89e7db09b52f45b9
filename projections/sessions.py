"""Sessions that are not terminated; an expired one stays until it is."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.lifetimes import end
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.session import events as e
from personae.actors.domain.user.events import UserRemoved
from personae.projections.kit import Row, Table, boolean, json, lookup, text, timestamp
from personae.projections.users import USERS

SESSIONS = Table(
    "sessions",
    version=4,
    columns={
        "creation_date": timestamp(index=True),
        "creator": text(index=True),
        "user_id": text(index=True),
        "user_org": text(index=True),
        "user_checked": timestamp(),
        "password_checked": timestamp(),
        "intent_checked": timestamp(),
        "totp_checked": timestamp(),
        "otp_sms_checked": timestamp(),
        "otp_email_checked": timestamp(),
        "recovery_code_checked": timestamp(),
        "web_auth_n_checked": timestamp(),
        "user_verified": boolean(),
        "fingerprint_id": text(index=True),
        "user_agent": json(),
        "metadata": json(),
        "expires": timestamp(),
        "user_name": lookup(USERS, "user_name", by="user_id"),
        "display_name": lookup(USERS, "display_name", by="user_id"),
    },
)
"""``metadata`` is base64 by key."""


@SESSIONS.on(e.SessionAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    agent = recorded.event.user_agent
    return SESSIONS.new(
        creator=recorded.creator,
        fingerprint_id=agent.fingerprint_id if agent else "",
        user_agent=agent and asdict(agent),
        metadata={},
    )


@SESSIONS.on(e.UserChecked)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    event = recorded.event
    return row and row.but(
        user_id=event.user_id, user_org=event.user_resource_owner, user_checked=event.checked_at
    )


@SESSIONS.on(e.PasswordChecked)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(password_checked=recorded.event.checked_at)


CHECKED = {
    e.IntentChecked: "intent_checked",
    e.TotpChecked: "totp_checked",
    e.OtpSmsChecked: "otp_sms_checked",
    e.OtpEmailChecked: "otp_email_checked",
    e.RecoveryCodeChecked: "recovery_code_checked",
}


@SESSIONS.on(*CHECKED)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    column = CHECKED[type(recorded.event)]
    return row and row.but(**{column: recorded.event.checked_at})


@SESSIONS.on(e.WebAuthnChecked)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    event = recorded.event
    return row and row.but(web_auth_n_checked=event.checked_at, user_verified=event.user_verified)


@SESSIONS.on(e.TokenSet)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but()


@SESSIONS.on(e.SessionMetadataSet)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    if row is None:
        return None
    given = {key: b64encode(value).decode() for key, value in recorded.event.metadata.items()}
    merged = {**row.metadata, **given}
    return row.but(metadata={key: value for key, value in merged.items() if value})


@SESSIONS.on(e.LifetimeSet)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    event = recorded.event
    ends = event.since is not None and event.lifetime
    return row and row.but(expires=end(event.since, event.lifetime) if ends else None)


SESSIONS.forget_on(e.SessionTerminated)
SESSIONS.forget_on(UserRemoved, column="user_id")
SESSIONS.forget_on(OrgRemoved, column="user_org")
SESSIONS.forget_instance_on(InstanceRemoved)
SESSIONS.filters(
    ids_query="id",
    user_id_query="user_id",
    creation_date_query="creation_date",
    creator_query="creator",
    user_agent_query="fingerprint_id",
    expiration_date_query="expires",
)
