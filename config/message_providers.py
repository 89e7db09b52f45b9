"""The providers of the settings become those of the first instance, once."""

from __future__ import annotations

from collections.abc import Iterator

from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.domain.instance.providers import AddProvider
from personae.actors.domain.instance.state import INSTANCE_DOMAINS
from personae.actors.domain.kit import Caller
from personae.config.fields import Secret
from personae.config.settings import Settings
from personae.store.log import EVERYWHERE


def endpoints_of(settings: Settings) -> frozenset[str]:
    """Return where the operator's own providers are, which may be in the own network."""
    return frozenset(provider.endpoint for _, provider, _ in _providers(settings))


async def provide(settings: Settings, dispatch: Dispatch) -> None:
    """Give the first instance the providers of the settings, where it has none of its own yet."""
    domain = settings.external_domain.lower()
    instance_id = await dispatch.holder(EVERYWHERE, INSTANCE_DOMAINS, domain)
    if instance_id is None:
        return
    for channel, provider, secret in _providers(settings):
        order = AddProvider(
            instance_id=instance_id,
            provider_id=dispatch.world.new_id(),
            channel=channel,
            provider=provider,
            secret=secret.get_secret_value() if secret else "",
            activate=True,
            first=True,
        )
        await dispatch.send(order, Caller.of_system(instance_id))


def _providers(settings: Settings) -> Iterator[tuple[Channel, Provider, Secret]]:
    smtp, sms = settings.smtp, settings.sms
    if smtp.host:
        host = f"[{smtp.host}]" if ":" in smtp.host else smtp.host
        mail = Provider(
            kind=ProviderKind.SMTP,
            endpoint=f"{host}:{smtp.port}",
            sender=smtp.sender or "",
            sender_name=smtp.sender_name,
            reply_to=smtp.reply_to,
            tls=smtp.security == "tls",
            plain=smtp.security == "none",
            user=smtp.user,
        )
        yield Channel.EMAIL, mail, smtp.password
    if sms.twilio_sid:
        twilio = Provider(
            kind=ProviderKind.TWILIO,
            endpoint=sms.twilio_api,
            sender=sms.sender or "",
            user=sms.twilio_sid,
        )
        yield Channel.SMS, twilio, sms.twilio_token
    elif sms.endpoint:
        http = Provider(kind=ProviderKind.HTTP, endpoint=sms.endpoint)
        yield Channel.SMS, http, sms.signing_key
