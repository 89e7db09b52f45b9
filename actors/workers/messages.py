"""Which events people are told of, by which way, and what is to be said.

Whether a message is still to be sent is asked of the aggregate, right before: a code that was used,
replaced, sent or that expired is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from personae.actors.aggregates.login_names import login_names
from personae.actors.aggregates.policies import policies_of
from personae.actors.aggregates.world import World
from personae.actors.domain.instance.provider import Channel
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import EVENTS, Recorded, Stream, name_of
from personae.actors.domain.policies import Policies
from personae.actors.domain.session.commands import NoteOtpSent
from personae.actors.domain.session.events import OtpEmailChallenged, OtpSmsChallenged
from personae.actors.domain.session.state import Session
from personae.actors.domain.session.values import Factor
from personae.actors.domain.templates import PLACE, WEB
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user import code_events as e
from personae.actors.domain.user.code_state import ADDED
from personae.actors.domain.user.codes import TRIES
from personae.actors.domain.user.events import DomainClaimed, PasswordChanged
from personae.actors.domain.user.state import Human, User
from personae.actors.domain.values import Sealed
from personae.store.crypto import Area

NOTICE_LIFE = timedelta(hours=24)
"""A notice of what happened longer ago is not sent any more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its texts, and the page its button leads to where nobody says another."""

    texts: str
    path: str = ""
    sms: bool = False


WHOSE = "user={{.UserID}}&code={{.Code}}&org={{.OrgID}}"
"""What pages for new passwords are asked with: whose, and the organisation whose rules they show,
as they look nobody up before the code is right."""

KINDS: Mapping[type, Kind] = {
    e.EmailCodeAdded: Kind("verify_email", "/verify?user={{.UserID}}&code={{.Code}}"),
    e.PhoneCodeAdded: Kind("verify_phone", sms=True),
    e.PasswordCodeAdded: Kind("password_reset", f"/password/set?{WHOSE}"),
    e.InviteCodeAdded: Kind("invite", f"/invite?{WHOSE}"),
    e.PasskeyCodeRequested: Kind(
        "passkey", "/passkey/add?user={{.UserID}}&codeId={{.CodeID}}&code={{.Code}}"
    ),
    OtpSmsChallenged: Kind("otp_sms", sms=True),
    OtpEmailChallenged: Kind("otp_email"),
    PasswordChanged: Kind("password_change", "/login"),
    DomainClaimed: Kind("domain_claimed", "/login"),
}
TYPES = sorted(name for name, event in EVENTS.items() if event in KINDS)
PAGES = "/ui/login"


@dataclass(frozen=True, slots=True)
class Message:
    """What to tell whom. ``note`` is the order that keeps on record that it was sent."""

    kind: str
    event_type: str
    channel: Channel
    recipient: str
    language: str
    url: str
    values: Mapping[str, str]
    user: Mapping[str, str]
    expires: datetime
    policies: Policies
    note: object


@dataclass(frozen=True, slots=True)
class _Open:
    """A code, or a notice, that was not sent yet."""

    sealed: Sealed | None
    expires: datetime
    note: object
    url_template: str = ""
    code_id: str = ""
    application: str = ""


def channel_of(event: object) -> Channel | None:
    """Return the way a message of an event goes; none when its code was given to the caller."""
    if getattr(event, "code_returned", False) or getattr(event, "return_code", False):
        return None
    by_sms = KINDS[type(event)].sms or bool(getattr(event, "notification_type", 0))
    return Channel.SMS if by_sms else Channel.EMAIL


def counts(recorded: Recorded, now: datetime) -> bool:
    """Say whether anybody would still want to hear of an event: histories are long."""
    end: datetime | None = getattr(recorded.event, "expires_at", None)
    return now < (end or recorded.created_at + NOTICE_LIFE)


async def message_of(recorded: Recorded, world: World, origin: str) -> Message | None:
    """Return what is to be sent because of an event, with its code opened; nothing if no more.

    Raises ``CannotOpen`` for a code whose key is not there.
    """
    instance_id = recorded.stream.instance_id
    found, channel = await _open(recorded, world), channel_of(recorded.event)
    if found is None or channel is None:
        return None
    waiting, user_id = found
    aggregate = await world.aggregate(Stream(instance_id, "user", user_id))
    user: User = aggregate.state
    policies = await policies_of(world, instance_id, aggregate.owner)
    recipient = _recipient(user, channel)
    if not recipient or user.human is None or waiting.expires <= world.now():
        return None
    if isinstance(recorded.event, PasswordChanged) and not policies.notification.password_change:
        return None
    instance = await world.state(Stream(instance_id, "instance", instance_id))
    names = await login_names(world, instance_id, user, aggregate.owner)
    about = _about(user_id, aggregate.owner, user, user.human, names)
    code = _opened(waiting.sealed, instance_id, world)
    kind = KINDS[type(recorded.event)]
    filled = {**about, "Code": code, "OTP": code, "CodeID": waiting.code_id, "Origin": origin}
    filled["SessionID"] = recorded.stream.id if recorded.stream.type == "session" else ""
    template = waiting.url_template or (kind.path and f"{origin}{PAGES}{kind.path}")
    return Message(
        kind=kind.texts,
        event_type=name_of(recorded.event),
        channel=channel,
        recipient=recipient,
        language=user.human.profile.preferred_language or instance.language,
        url=filled_url(template, filled) if channel is Channel.EMAIL else "",
        values=_values(user, about, waiting, code, instance),
        user=about,
        expires=waiting.expires,
        policies=policies,
        note=waiting.note,
    )


def _recipient(user: User, channel: Channel) -> str:
    if user.human is None or not user.exists:
        return ""
    return (user.human.phone if channel is Channel.SMS else user.human.email).value


def _opened(sealed: Sealed | None, instance_id: str, world: World) -> str:
    return world.keyring.open(Area.USER, sealed, instance_id).decode() if sealed else ""


def _values(
    user: User, about: Mapping[str, str], waiting: _Open, code: str, instance: Instance
) -> dict[str, str]:
    """Return what the sentences of a message are filled with."""
    site = instance.name or "Personae"
    return {
        "name": about["DisplayName"],
        "login_name": about["PreferredLoginName"],
        "user_name": user.user_name,
        "domain": user.human.claimed_domain if user.human else "",
        "application": waiting.application or site,
        "site": site,
        "code": code,
    }


def filled_url(template: str, values: Mapping[str, str]) -> str:
    """Return an address with its ``{{.Name}}`` filled in, escaped; nothing but the web's."""
    if not template.lower().startswith(WEB) or not template.isprintable():
        return ""
    filled = PLACE.sub(lambda place: quote(values.get(place[1], place[0]), safe=""), template)
    return filled.replace(" ", "%20")


def _about(user_id: str, org_id: str, user: User, human: Human, names: list[str]) -> dict[str, str]:
    """Return what address templates and HTTP providers may know of a user."""
    profile = human.profile
    return {
        "UserID": user_id,
        "OrgID": org_id,
        "UserName": user.user_name,
        "FirstName": profile.first_name,
        "LastName": profile.last_name,
        "NickName": profile.nick_name,
        "DisplayName": profile.shown_as,
        "LastEmail": human.email.value,
        "VerifiedEmail": human.email.value if human.email.verified else "",
        "LastPhone": human.phone.value,
        "VerifiedPhone": human.phone.value if human.phone.verified else "",
        "PreferredLoginName": names[0] if names else user.user_name,
        "LoginName": names[0] if names else user.user_name,
        "PreferredLanguage": profile.preferred_language,
    }


async def _open(recorded: Recorded, world: World) -> tuple[_Open, str] | None:
    """Return what waits to be sent and to which user, as the aggregate has it now."""
    if recorded.stream.type == "session":
        return await _otp(recorded, world)
    user: User = await world.state(recorded.stream)
    if type(recorded.event) in ADDED:
        return _code(recorded, user, recorded.stream.id)
    return _notice(recorded, user, recorded.stream.id)


def _notice(recorded: Recorded, user: User, id_: str) -> tuple[_Open, str] | None:
    untold, note = {
        PasswordChanged: (
            user.human and user.human.password_change_untold,
            c.NotePasswordChangeSent(user_id=id_),
        ),
        DomainClaimed: (
            user.human and user.human.claimed_domain,
            c.NoteDomainClaimedSent(user_id=id_),
        ),
    }[type(recorded.event)]
    return (_Open(None, recorded.created_at + NOTICE_LIFE, note), id_) if untold else None


def _code(recorded: Recorded, user: User, id_: str) -> tuple[_Open, str] | None:
    kind = ADDED[type(recorded.event)]
    pending = user.codes.get(kind)
    if pending is None or pending.code is None or pending.expires is None:
        return None
    gone = pending.sent or pending.returned or pending.failures >= TRIES
    if gone or pending.code != recorded.event.code:
        return None
    waiting = _Open(
        pending.code,
        pending.expires,
        c.NoteCodeSent(user_id=id_, kind=kind, code=pending.code),
        pending.url_template,
        pending.id,
        pending.application_name,
    )
    return waiting, id_


async def _otp(recorded: Recorded, world: World) -> tuple[_Open, str] | None:
    session: Session = await world.state(recorded.stream)
    factor = Factor.OTP_SMS if KINDS[type(recorded.event)].sms else Factor.OTP_EMAIL
    sent = session.sent.get(factor)
    if sent is None or sent.code is None or sent.expires is None:
        return None
    if sent.sent or sent.returned or sent.code != recorded.event.code:
        return None
    if not session.alive(world.now()):
        return None
    note = NoteOtpSent(session_id=recorded.stream.id, factor=factor, code=sent.code)
    return _Open(sent.code, sent.expires, note, sent.url_template), session.user_id
