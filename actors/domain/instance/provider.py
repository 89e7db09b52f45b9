"""One provider of mails or text messages, as those who send through it need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from personae.actors.domain.values import Sealed


class Channel(StrEnum):
    """What a message travels by."""

    EMAIL = "email"
    SMS = "sms"


class ProviderKind(StrEnum):
    """How a provider is spoken to."""

    SMTP = "smtp"
    HTTP = "http"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider; which fields count depends on its kind.

    ``endpoint`` is ``host:port`` for SMTP, else a web address. ``sender`` is an e-mail address or
    a phone number, ``user`` who signs in (for Twilio the account), ``secret`` the password, the
    token, or the key that calls are signed with. ``tls``: from the first byte; otherwise by
    STARTTLS, unless ``plain``.
    """

    kind: ProviderKind
    description: str = ""
    endpoint: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    tls: bool = False
    plain: bool = False
    user: str = ""
    secret: Sealed | None = None
