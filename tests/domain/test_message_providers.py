import pytest
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance import provider_events as p
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.domain.instance.providers import (
    ActivateProvider,
    AddProvider,
    DeactivateProvider,
    ProviderFacts,
    RemoveProvider,
)
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.policy_family import INSTANCE, event_of
from personae.actors.domain.values import Sealed

from tests.domain.language import NOW, given, state_of

ADDED = e.InstanceAdded(name="ACME")
SECRET = Sealed("1", "c2VhbGVk")
FACTS = ProviderFacts(now=NOW, secret=SECRET)
SMTP = Provider(kind=ProviderKind.SMTP, endpoint="mail.test:587", sender="id@acme.test", user="u")
HTTP = Provider(kind=ProviderKind.HTTP, endpoint="https://sms.test/send")
TWILIO = Provider(
    kind=ProviderKind.TWILIO, endpoint="https://api.twilio.com", sender="+491", user="AC1"
)
SMTP_ADDED = p.SmtpAdded(
    id="7", host="mail.test:587", sender_address="id@acme.test", user="u", password=SECRET
)
TWILIO_ADDED = p.TwilioAdded(
    id="8", sid="AC1", token=SECRET, sender_number="+491", api="https://api.twilio.com"
)


def add(provider=SMTP, channel=Channel.EMAIL, **changes):
    about = {"instance_id": "1", "provider_id": "7", "secret": "s"}
    return AddProvider(**about, channel=channel, provider=provider, **changes)


def of(order, id_="7", channel=Channel.EMAIL):
    return order(instance_id="1", provider_id=id_, channel=channel)


def test_a_mail_server_is_added_and_sends():
    after = given(ADDED).when(add(activate=True), FACTS)
    after.then(SMTP_ADDED, p.MailProviderActivated(id="7"))


@pytest.mark.parametrize(
    ("provider", "channel", "made"),
    [
        (TWILIO, Channel.SMS, TWILIO_ADDED),
        (HTTP, Channel.SMS, p.SmsHttpAdded(id="8", endpoint=HTTP.endpoint, signing_key=SECRET)),
        (HTTP, Channel.EMAIL, p.MailHttpAdded(id="8", endpoint=HTTP.endpoint, signing_key=SECRET)),
    ],
)
def test_other_ways_have_events_of_their_own(provider, channel, made):
    order = AddProvider(instance_id="1", provider_id="8", channel=channel, provider=provider)
    given(ADDED).when(order, FACTS).then(made)


def test_one_of_the_settings_is_added_only_where_there_is_none():
    given(ADDED, SMTP_ADDED).when(add(first=True), FACTS).then_nothing()
    given(ADDED, SMTP_ADDED).when(add(), FACTS).refuses(refusals.PROVIDER_EXISTS)


@pytest.mark.parametrize(
    ("provider", "channel", "field"),
    [
        (SMTP, Channel.SMS, "kind"),
        (
            Provider(kind=ProviderKind.SMTP, endpoint="mail", sender="a@b"),
            Channel.EMAIL,
            "endpoint",
        ),
        (Provider(kind=ProviderKind.SMTP, endpoint="m:1", sender="a"), Channel.EMAIL, "sender"),
        (Provider(kind=ProviderKind.HTTP, endpoint="ftp://x"), Channel.SMS, "endpoint"),
        (
            Provider(kind=ProviderKind.TWILIO, endpoint="https://x", sender="+1", user="../x"),
            Channel.SMS,
            "user",
        ),
    ],
)
def test_what_cannot_send_is_refused(provider, channel, field):
    after = given(ADDED).when(add(provider, channel), FACTS)
    after.refuses(refusals.PROVIDER_INVALID)
    assert after.refusal.params == {"field": field}


def test_the_sender_is_of_the_instance_where_the_policy_wants_that():
    policy = event_of(INSTANCE, DomainPolicy, "added")(
        smtp_sender_address_matches_instance_domain=True
    )
    given(ADDED, policy).when(add(), FACTS).refuses(refusals.PROVIDER_INVALID)
    domain = e.InstanceDomainAdded(domain="acme.test")
    given(ADDED, domain, policy).when(add(), FACTS).then(SMTP_ADDED)


def test_one_provider_sends_at_a_time():
    other = p.MailHttpAdded(id="9", endpoint="https://x.test")
    active = p.MailProviderActivated(id="7")
    story = given(ADDED, SMTP_ADDED, other, active)
    story.when(of(ActivateProvider)).then_nothing()
    story.when(of(ActivateProvider, "9")).then(p.MailProviderActivated(id="9"))
    story.when(of(DeactivateProvider)).then(p.MailProviderDeactivated(id="7"))
    story.when(of(DeactivateProvider, "9")).then_nothing()
    story.when(of(RemoveProvider)).then(p.MailProviderRemoved(id="7"))
    for order in (ActivateProvider, DeactivateProvider, RemoveProvider):
        story.when(of(order, "5")).refuses(refusals.PROVIDER_NOT_FOUND)


def test_what_sends_follows_the_events():
    active = p.MailProviderActivated(id="7")

    def sending(*more):
        return state_of("instance", ADDED, SMTP_ADDED, active, *more).provider(Channel.EMAIL)

    assert sending().endpoint == "mail.test:587"
    assert sending(p.SmtpChanged(id="7", host="other:25")).endpoint == "other:25"
    assert sending(p.SmtpChanged(id="5", host="other:25")).endpoint == "mail.test:587"
    new = Sealed("1", "bmV3")
    assert sending(p.SmtpPasswordChanged(id="7", password=new)).secret == new
    assert sending(p.MailProviderDeactivated(id="5")) is not None
    assert sending(p.MailProviderDeactivated(id="7")) is None
    assert sending(p.MailProviderRemoved(id="7")) is None


def test_text_messages_have_a_provider_of_their_own():
    active = p.SmsProviderActivated(id="8")
    state = state_of("instance", ADDED, TWILIO_ADDED, active)
    assert state.provider(Channel.SMS).user == "AC1"
    assert state.provider(Channel.EMAIL) is None
