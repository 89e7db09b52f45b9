"""What happens to the providers that send an instance's mails and text messages.

``plain``, ``api`` are ours: no encryption wanted, and where an API like Twilio's is.
"""

from __future__ import annotations

from personae.actors.domain.kit import event
from personae.actors.domain.values import Sealed


@event("instance.smtp.config.added")
class SmtpAdded:
    id: str = ""
    description: str = ""
    sender_address: str = ""
    sender_name: str = ""
    reply_to_address: str = ""
    tls: bool = False
    plain: bool = False
    host: str = ""
    user: str = ""
    password: Sealed | None = None


@event("instance.smtp.config.changed")
class SmtpChanged:
    id: str = ""
    description: str | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    reply_to_address: str | None = None
    tls: bool | None = None
    plain: bool | None = None
    host: str | None = None
    user: str | None = None
    password: Sealed | None = None


@event("instance.smtp.config.password.changed")
class SmtpPasswordChanged:
    id: str = ""
    password: Sealed | None = None


@event("instance.smtp.config.http.added")
class MailHttpAdded:
    id: str
    description: str = ""
    endpoint: str = ""
    signing_key: Sealed | None = None


@event("instance.smtp.config.http.changed")
class MailHttpChanged:
    id: str
    description: str | None = None
    endpoint: str | None = None
    signing_key: Sealed | None = None


@event("instance.smtp.config.activated")
class MailProviderActivated:
    id: str = ""


@event("instance.smtp.config.deactivated")
class MailProviderDeactivated:
    id: str = ""


@event("instance.smtp.config.removed")
class MailProviderRemoved:
    id: str = ""


@event("instance.sms.configtwilio.added")
class TwilioAdded:
    id: str
    description: str = ""
    sid: str = ""
    token: Sealed | None = None
    sender_number: str = ""
    verify_service_sid: str = ""
    api: str = ""


@event("instance.sms.configtwilio.changed")
class TwilioChanged:
    id: str
    description: str | None = None
    sid: str | None = None
    sender_number: str | None = None
    verify_service_sid: str | None = None
    api: str | None = None


@event("instance.sms.configtwilio.token.changed")
class TwilioTokenChanged:
    id: str
    token: Sealed | None = None


@event("instance.sms.confighttp.added")
class SmsHttpAdded:
    id: str
    description: str = ""
    endpoint: str = ""
    signing_key: Sealed | None = None


@event("instance.sms.confighttp.changed")
class SmsHttpChanged:
    id: str
    description: str | None = None
    endpoint: str | None = None
    signing_key: Sealed | None = None


@event("instance.sms.configactivated", "instance.sms.configtwilio.activated")
class SmsProviderActivated:
    id: str


@event("instance.sms.configdeactivated", "instance.sms.configtwilio.deactivated")
class SmsProviderDeactivated:
    id: str


@event("instance.sms.configremoved", "instance.sms.configtwilio.removed")
class SmsProviderRemoved:
    id: str
