import pytest
from personae.actors.domain.instance.provider import Channel, ProviderKind
from personae.config.load import load
from personae.config.message_providers import endpoints_of, provide
from personae.config.sources import SettingsError
from personae.store.crypto import Area

from tests.aggregates.conftest import (  # noqa: F401 — fixtures
    INSTANCE,
    clock,
    dispatch,
    passwords,
    world,
)

MAIL = {
    "PERSONAE_SMTP__HOST": "mail.acme.test",
    "PERSONAE_SMTP__SENDER": "id@acme.test",
    "PERSONAE_SMTP__USER": "robot",
    "PERSONAE_SMTP__PASSWORD": "mail-secret",
}
SMS = {
    "PERSONAE_SMS__TWILIO_SID": "AC1",
    "PERSONAE_SMS__TWILIO_TOKEN": "token",
    "PERSONAE_SMS__SENDER": "+491",
}


def settings(environ):
    return load((), environ).settings


async def instance(dispatch):  # noqa: F811
    return await dispatch.state(INSTANCE, "instance", INSTANCE)


async def test_the_providers_of_the_settings_become_those_of_the_first_instance(dispatch):  # noqa: F811
    await provide(settings(MAIL | SMS), dispatch)
    mail = (await instance(dispatch)).provider(Channel.EMAIL)
    assert (mail.kind, mail.endpoint, mail.user) == ("smtp", "mail.acme.test:587", "robot")
    assert (mail.tls, mail.plain) == (False, False)
    keyring = dispatch.world.keyring
    assert keyring.open(Area.SMTP, mail.secret, INSTANCE) == b"mail-secret"
    sms = (await instance(dispatch)).provider(Channel.SMS)
    assert (sms.kind, sms.endpoint) == (ProviderKind.TWILIO, "https://api.twilio.com")
    assert keyring.open(Area.SMS, sms.secret, INSTANCE) == b"token"


async def test_they_are_added_once_and_no_log_line_or_event_shows_a_secret(dispatch):  # noqa: F811
    log = dispatch.world.log
    await provide(settings(MAIL | SMS), dispatch)
    head = await log.head(INSTANCE)
    await provide(settings(MAIL | {"PERSONAE_SMTP__HOST": "other.test"}), dispatch)
    assert await log.head(INSTANCE) == head
    assert "mail-secret" not in repr(await log.after(INSTANCE, 0, 1000))


async def test_without_settings_there_is_no_provider(dispatch):  # noqa: F811
    await provide(settings({}), dispatch)
    assert (await instance(dispatch)).providers == {}
    await provide(settings(MAIL | {"PERSONAE_EXTERNAL_DOMAIN": "elsewhere.test"}), dispatch)
    assert (await instance(dispatch)).providers == {}


@pytest.mark.parametrize(
    "environ",
    [
        {"PERSONAE_SMTP__HOST": "mail.test"},
        {"PERSONAE_SMS__TWILIO_SID": "AC1"},
        SMS | {"PERSONAE_SMS__ENDPOINT": "https://sms.test"},
    ],
)
def test_half_a_provider_stops_the_start(environ):
    with pytest.raises(SettingsError):
        settings(environ)


def test_where_the_operators_own_providers_are_is_known():
    address = {"PERSONAE_SMTP__HOST": "::1", "PERSONAE_SMS__ENDPOINT": "http://10.0.0.1/sms"}
    assert endpoints_of(settings(MAIL | address)) == {"[::1]:587", "http://10.0.0.1/sms"}
