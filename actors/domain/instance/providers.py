"""Orders about the providers of mails and text messages, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.actors.domain.instance import provider_events as e
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.decide import existing
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.domain.instance.state import INSTANCE, Instance
from personae.actors.domain.kit import Decisions, Facts, command, replace
from personae.actors.domain.values import Sealed

HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")
WEB = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>\\@]{1,2000}", re.IGNORECASE)
ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f<>]{1,100}@([^@\s\x00-\x1f\x7f<>]{1,200})")
NUMBER = re.compile(r"[+0-9A-Za-z ._-]{1,40}")


@command("instance", id="instance_id")
class AddProvider:
    """Add a provider; ``secret`` is kept sealed.

    ``activate`` makes it the one that sends. ``first``: only where there is none yet.
    """

    instance_id: str
    provider_id: str
    channel: Channel
    provider: Provider
    secret: str = field(default="", repr=False)
    activate: bool = False
    first: bool = False


@command("instance", id="instance_id")
class ActivateProvider:
    """Let a provider send, in place of any other."""

    instance_id: str
    provider_id: str
    channel: Channel


@command("instance", id="instance_id")
class DeactivateProvider:
    """Let a provider send no more."""

    instance_id: str
    provider_id: str
    channel: Channel


@command("instance", id="instance_id")
class RemoveProvider:
    """Forget a provider."""

    instance_id: str
    provider_id: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts(Facts):
    """The provider's secret, sealed."""

    secret: Sealed | None = None


ACTIVATED = {Channel.EMAIL: e.MailProviderActivated, Channel.SMS: e.SmsProviderActivated}
DEACTIVATED = {Channel.EMAIL: e.MailProviderDeactivated, Channel.SMS: e.SmsProviderDeactivated}
REMOVED = {Channel.EMAIL: e.MailProviderRemoved, Channel.SMS: e.SmsProviderRemoved}

SMTP = {
    "description": "description",
    "endpoint": "host",
    "sender": "sender_address",
    "sender_name": "sender_name",
    "reply_to": "reply_to_address",
    "tls": "tls",
    "plain": "plain",
    "user": "user",
    "secret": "password",
}
HTTP = {"description": "description", "endpoint": "endpoint", "secret": "signing_key"}
TWILIO = {
    "description": "description",
    "endpoint": "api",
    "sender": "sender_number",
    "user": "sid",
    "secret": "token",
}
"""Fields of a provider, with their names in events."""

SHAPES: Mapping[type, tuple[Channel, ProviderKind, Mapping[str, str]]] = {
    e.SmtpAdded: (Channel.EMAIL, ProviderKind.SMTP, SMTP),
    e.MailHttpAdded: (Channel.EMAIL, ProviderKind.HTTP, HTTP),
    e.TwilioAdded: (Channel.SMS, ProviderKind.TWILIO, TWILIO),
    e.SmsHttpAdded: (Channel.SMS, ProviderKind.HTTP, HTTP),
}
CHANGES: Mapping[type, tuple[Channel, Mapping[str, str]]] = {
    e.SmtpChanged: (Channel.EMAIL, SMTP),
    e.SmtpPasswordChanged: (Channel.EMAIL, SMTP),
    e.MailHttpChanged: (Channel.EMAIL, HTTP),
    e.TwilioChanged: (Channel.SMS, TWILIO),
    e.TwilioTokenChanged: (Channel.SMS, TWILIO),
    e.SmsHttpChanged: (Channel.SMS, HTTP),
}
CHANNEL_OF = {
    event: channel
    for events in (ACTIVATED, DEACTIVATED, REMOVED)
    for channel, event in events.items()
}


@INSTANCE.on(*SHAPES)
def _(instance: Instance, event: e.SmtpAdded) -> Instance:
    channel, kind, names = SHAPES[type(event)]
    given = {ours: getattr(event, theirs) for ours, theirs in names.items()}
    return _with(instance, channel, event.id, Provider(kind=kind, **given))


@INSTANCE.on(*CHANGES)
def _(instance: Instance, event: e.SmtpChanged) -> Instance:
    channel, names = CHANGES[type(event)]
    known = _of(instance, channel).get(event.id)
    if known is None:
        return instance
    given = {ours: getattr(event, theirs, None) for ours, theirs in names.items()}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return _with(instance, channel, event.id, replace(known, **changes))


@INSTANCE.on(*ACTIVATED.values())
def _(instance: Instance, event: e.MailProviderActivated) -> Instance:
    channel = CHANNEL_OF[type(event)]
    return replace(instance, sending={**instance.sending, channel: event.id})


@INSTANCE.on(*DEACTIVATED.values())
def _(instance: Instance, event: e.MailProviderDeactivated) -> Instance:
    return _silent(instance, CHANNEL_OF[type(event)], event.id)


@INSTANCE.on(*REMOVED.values())
def _(instance: Instance, event: e.MailProviderRemoved) -> Instance:
    channel = CHANNEL_OF[type(event)]
    left = {k: v for k, v in _of(instance, channel).items() if k != event.id}
    after = replace(instance, providers={**instance.providers, channel: left})
    return _silent(after, channel, event.id)


def _of(instance: Instance, channel: Channel) -> Mapping[str, Provider]:
    return instance.providers.get(channel, {})


def _with(instance: Instance, channel: Channel, id_: str, provider: Provider) -> Instance:
    known = {**_of(instance, channel), id_: provider}
    return replace(instance, providers={**instance.providers, channel: known})


def _silent(instance: Instance, channel: Channel, id_: str) -> Instance:
    if instance.sending.get(channel) != id_:
        return instance
    return replace(instance, sending={k: v for k, v in instance.sending.items() if k != channel})


@INSTANCE.decides(AddProvider)
def add(instance: Instance, cmd: AddProvider, facts: ProviderFacts) -> Decisions:
    """Decide: another provider, in the words of its channel."""
    known = _of(existing(instance), cmd.channel)
    if cmd.first and known:
        return
    if cmd.provider_id in known:
        raise refusals.PROVIDER_EXISTS()
    _check(instance, cmd)
    wanted = (cmd.channel, cmd.provider.kind)
    made, names = next((m, n) for m, (*shape, n) in SHAPES.items() if tuple(shape) == wanted)
    given = {theirs: getattr(cmd.provider, ours) for ours, theirs in names.items()}
    yield made(id=cmd.provider_id, **{**given, names["secret"]: facts.secret})
    if cmd.activate:
        yield ACTIVATED[cmd.channel](id=cmd.provider_id)


def _check(instance: Instance, cmd: AddProvider) -> None:
    """Refuse what nothing could be sent through. Raises INSTANCE-ProviderInvalid."""
    provider, kind = cmd.provider, cmd.provider.kind
    mail = ADDRESS.fullmatch(provider.sender)
    rules = {
        "kind": (cmd.channel, kind) in [tuple(shape) for *shape, _ in SHAPES.values()],
        "endpoint": bool((HOST_AND_PORT if kind == "smtp" else WEB).fullmatch(provider.endpoint)),
        "sender": kind == "http"
        or bool(mail if kind == "smtp" else NUMBER.fullmatch(provider.sender)),
        "user": kind != "twilio" or re.fullmatch(r"[A-Za-z0-9]{1,64}", provider.user) is not None,
        "reply_to": not provider.reply_to or bool(ADDRESS.fullmatch(provider.reply_to)),
        "sender_name": provider.sender_name.isprintable(),
    }
    for name, holds in rules.items():
        if not holds:
            raise refusals.PROVIDER_INVALID(field=name)
    matches = instance.policies.domain.smtp_sender_address_matches_instance_domain
    if mail and matches and mail[1].lower() not in instance.domains:
        raise refusals.PROVIDER_INVALID(field="sender")


@INSTANCE.decides(ActivateProvider)
def activate(instance: Instance, cmd: ActivateProvider, _facts: Facts) -> Decisions:
    """Decide: this one sends."""
    _known(instance, cmd)
    if instance.sending.get(cmd.channel) != cmd.provider_id:
        yield ACTIVATED[cmd.channel](id=cmd.provider_id)


@INSTANCE.decides(DeactivateProvider)
def deactivate(instance: Instance, cmd: DeactivateProvider, _facts: Facts) -> Decisions:
    """Decide: this one does not send."""
    _known(instance, cmd)
    if instance.sending.get(cmd.channel) == cmd.provider_id:
        yield DEACTIVATED[cmd.channel](id=cmd.provider_id)


@INSTANCE.decides(RemoveProvider)
def remove(instance: Instance, cmd: RemoveProvider, _facts: Facts) -> Decisions:
    """Decide: it is gone."""
    _known(instance, cmd)
    yield REMOVED[cmd.channel](id=cmd.provider_id)


def _known(instance: Instance, cmd: ActivateProvider | DeactivateProvider | RemoveProvider) -> None:
    if cmd.provider_id not in _of(existing(instance), cmd.channel):
        raise refusals.PROVIDER_NOT_FOUND()
