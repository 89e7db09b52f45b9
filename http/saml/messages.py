"""Messages of service providers: unpacked, from whom they say, for here, for now, for once.

Who sent a message decides by which keys it must be signed; read is only what those keys signed. A
service provider that says it signs its requests is believed nothing unsigned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from personae.http.identity.saml.answers import Provider, find_provider
from personae.http.identity.saml.bindings import Received, check_query, from_form, from_query
from personae.http.identity.saml.metadata import moment
from personae.http.identity.saml.names import SAML
from personae.http.identity.saml.xml import (
    LONGEST,
    Element,
    Unreadable,
    Unverified,
    child,
    has_signature,
    parse,
    text,
    verified,
)
from personae.http.saml import refusals
from personae.http.saml.call import Call

REQUEST = "SAMLRequest"
FORM = "application/x-www-form-urlencoded"
FRESH = timedelta(minutes=5)
"""How old a message may be, and how far ahead the clock of its sender."""

LONGEST_RELAY = 2048
"""Characters of RelayState; SAML Bindings (3.4.3) allow 80 bytes, which hardly anybody keeps to."""

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose sender is sure, as far as that is asked for; ``root`` is all to read."""

    root: Element
    provider: Provider
    relay_state: str

    @property
    def id(self) -> str:
        """Its id, which answers name."""
        return str(self.root.get("ID"))


async def receive(call: Call, tag: str, path: str, *, must_sign: bool = False) -> Message:
    """Return the message that a browser brought to an endpoint.

    ``must_sign``: whatever its sender says of itself. Raises SAML-… for all that is wrong with it.
    """
    try:
        return await _receive(call, tag, path, must_sign=must_sign)
    except Unreadable as why:
        raise refusals.MESSAGE_INVALID(why=str(why)) from None
    except Unverified:
        raise refusals.SIGNATURE_WRONG() from None


async def _receive(call: Call, tag: str, path: str, *, must_sign: bool) -> Message:
    received = await _received(call)
    root = parse(received.data)
    if root.tag != tag:
        raise Unreadable("another message than is taken here")
    issuer = text(child(root, f"{SAML}Issuer"))
    provider = await find_provider(call.services, call.instance_id, issuer)
    trusted, signed = _trusted(call, received, root, provider)
    if not signed and (must_sign or provider.described.requests_signed):
        raise refusals.SIGNATURE_MISSING()
    message = Message(trusted, provider, received.relay_state)
    await _check(call, message, path, signed=signed)
    return message


async def _received(call: Call) -> Received:
    if call.request.method == "POST":
        if call.request.content_type != FORM:
            raise Unreadable("no form")
        fields = await call.request.post()
        names = [name for name in fields if name in {REQUEST, "RelayState"}]
        if len(names) != len(set(names)):
            raise Unreadable("a parameter is there twice")
        received = from_form({name: str(fields[name]) for name in names}, REQUEST)
    else:
        query = call.request.rel_url.raw_query_string
        if len(query) > 2 * LONGEST:
            raise Unreadable("longer than 256 KiB")
        try:
            received = from_query(query, REQUEST)
        except UnicodeDecodeError:
            raise Unreadable("not UTF-8") from None
    if len(received.relay_state) > LONGEST_RELAY or "\0" in received.relay_state:
        raise Unreadable("a RelayState of more than 2048 characters")
    return received


def _trusted(
    call: Call, received: Received, root: Element, provider: Provider
) -> tuple[Element, bool]:
    """Return the part of a message that may be read, and whether that was signed.

    A signature that is there must be right. Raises :class:`Unverified`.
    """
    keys = provider.described.certificates
    if received.signature or received.algorithm:
        check_query(received, keys, call.services.world.now())
        return root, True
    if call.request.method == "POST" and has_signature(root):
        found = verified(root, keys)
        if text(child(found, f"{SAML}Issuer")) != provider.described.entity_id:
            raise Unverified("of somebody else")
        return found, True
    return root, False


async def _check(call: Call, message: Message, path: str, *, signed: bool) -> None:
    """Refuse a message that is not for here, not for now, or was here before."""
    root, now = message.root, call.services.world.now()
    destination = root.get("Destination", "")
    if destination != call.here(path) and (destination or signed):
        raise refusals.DESTINATION_WRONG()
    issued = moment(root.get("IssueInstant", ""))
    if abs(now - issued) > FRESH:
        raise refusals.MESSAGE_EXPIRED()
    if not _ID.fullmatch(root.get("ID", "")):
        raise Unreadable("an ID that is none")
    sender = f"saml {call.instance_id} {message.provider.described.entity_id}"
    if not await call.services.proofs.once(sender, message.id, issued + 2 * FRESH, now):
        raise refusals.MESSAGE_REPLAYED()
