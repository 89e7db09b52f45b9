"""The ways out: SMTP (RFC 5321), a Twilio-like REST API, and HTTP endpoints that send themselves.

Certificates are always checked. A password goes over an encrypted connection, or where the
operator asked for a plain one.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, make_msgid
from hashlib import sha256
from typing import Any

import aiosmtplib
import orjson
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.workers.letters import Letter
from personae.actors.workers.messages import Message
from personae.actors.workers.outbound import Outbound

SMTP_SECONDS = 20.0
PERMANENT = range(500, 600)
TWILIO_API = "https://api.twilio.com"


class SendError(Exception):
    """It was not sent. ``final``: and will not be, however often it is tried."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends letters through providers.

    ``trusted``: endpoints the operator chose, wherever they are; ``tls``: which certificates of
    mail servers are believed.
    """

    outbound: Outbound
    trusted: frozenset[str] = frozenset()
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def send(
        self, message: Message, letter: Letter, provider: Provider, secret: str, now: datetime
    ) -> None:
        """Send one message. Raises :class:`SendError`."""
        anywhere = provider.endpoint in self.trusted
        if provider.kind is ProviderKind.SMTP:
            mail = mail_of(message, letter, provider, now)
            await self._smtp(mail, provider, secret, anywhere=anywhere)
        elif provider.kind is ProviderKind.TWILIO:
            await self._twilio(message.recipient, letter.plain, provider, secret, anywhere=anywhere)
        else:
            await self._http(message, letter, provider, secret, now, anywhere=anywhere)

    async def _smtp(
        self, mail: EmailMessage, provider: Provider, secret: str, *, anywhere: bool
    ) -> None:
        host, _, port = provider.endpoint.rpartition(":")
        host = host.strip("[]")
        try:
            async with asyncio.timeout(SMTP_SECONDS):
                connected = await self._connected(host, int(port), anywhere=anywhere)
                client = aiosmtplib.SMTP(
                    hostname=host,
                    sock=connected,
                    local_hostname=mail["From"].addresses[0].domain,
                    use_tls=provider.tls,
                    start_tls=not (provider.tls or provider.plain),
                    tls_context=self.tls,
                    timeout=SMTP_SECONDS,
                    username=provider.user or None,
                    password=secret or None,
                )
                async with client:
                    await client.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(each.code in PERMANENT for each in error.recipients)
            raise SendError("recipient refused", final=final) from None
        except aiosmtplib.SMTPDataError as error:
            raise SendError(
                f"message refused {error.code}", final=error.code in PERMANENT
            ) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise SendError(type(error).__name__) from None

    async def _connected(self, host: str, port: int, *, anywhere: bool) -> socket.socket:
        """Return a socket to one of the host's addresses that may be called."""
        loop = asyncio.get_running_loop()
        for found in await self.outbound.addresses(host, port, anywhere=anywhere):
            sock = socket.socket(found["family"], socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, (found["host"], port))
            except OSError:
                sock.close()
                continue
            except BaseException:
                sock.close()
                raise
            return sock
        raise OSError("no address answers")

    async def _twilio(
        self, number: str, text: str, provider: Provider, secret: str, *, anywhere: bool
    ) -> None:
        """Send by https://www.twilio.com/docs/messaging/api/message-resource."""
        api = (provider.endpoint or TWILIO_API).rstrip("/")
        login = base64.b64encode(f"{provider.user}:{secret}".encode()).decode()
        status = await self.outbound.call(
            f"{api}/2010-04-01/Accounts/{provider.user}/Messages.json",
            data={"To": number, "From": provider.sender, "Body": text},
            headers={"Authorization": f"Basic {login}"},
            anywhere=anywhere,
        )
        _check(status)

    async def _http(
        self,
        message: Message,
        letter: Letter,
        provider: Provider,
        secret: str,
        now: datetime,
        *,
        anywhere: bool,
    ) -> None:
        body = orjson.dumps(payload_of(message, letter, provider))
        headers = {"Content-Type": "application/json"}
        if secret:
            headers["ZITADEL-Signature"] = signature(body, secret, now)
        _check(
            await self.outbound.call(
                provider.endpoint, data=body, headers=headers, anywhere=anywhere
            )
        )


def _check(status: int) -> None:
    if not 200 <= status < 300:  # noqa: PLR2004 — what HTTP calls success
        refused = 400 <= status < 500 and status not in {401, 403, 408, 425, 429}  # noqa: PLR2004
        raise SendError(f"answered {status}" if status else "not reached", final=refused)


def signature(body: bytes, key: str, now: datetime) -> str:
    """Return the signature of a call: a time, and an HMAC over time and body, as of actions."""
    moment = int(now.timestamp())
    proof = hmac.new(key.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={proof}"


def mail_of(message: Message, letter: Letter, provider: Provider, now: datetime) -> EmailMessage:
    """Return a mail with a plain and an HTML part. Raises :class:`SendError` for bad addresses."""
    mail = EmailMessage(policy=POLICY)
    try:
        domain = provider.sender.rpartition("@")[2]
        mail["From"] = Address(provider.sender_name, addr_spec=provider.sender)
        mail["To"] = Address(addr_spec=message.recipient)
        if provider.reply_to:
            mail["Reply-To"] = Address(addr_spec=provider.reply_to)
    except (ValueError, LookupError) as error:
        raise SendError(type(error).__name__, final=True) from None
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, 5: no out-of-office answers
    mail.set_content(letter.plain)
    mail.add_alternative(letter.html, subtype="html")
    return mail


def payload_of(message: Message, letter: Letter, provider: Provider) -> Mapping[str, Any]:
    """Return what an HTTP provider is told: whom, in which words, and what they were made of."""
    parts = letter.parts
    to = "recipientPhoneNumber" if message.channel is Channel.SMS else "recipientEmailAddress"
    names = ("subject", "greeting", "text", "url", "fallback")
    return {
        "contextInfo": {
            "eventType": message.event_type,
            "provider": {"description": provider.description},
            to: message.recipient,
        },
        "templateData": {
            "title": parts.get("subject", ""),
            **{name: parts[name] for name in names if name in parts},
            "text": parts.get("text") or letter.plain,
            "buttonText": parts.get("button", ""),
            "footerText": parts.get("footer", ""),
            "primaryColor": parts.get("accent", ""),
            "backgroundColor": parts.get("page", ""),
        },
        "args": {
            **{name[0].lower() + name[1:]: value for name, value in message.user.items()},
            "code": message.values["code"],
            "domain": message.values["domain"],
            "applicationName": message.values["application"],
        },
    }
