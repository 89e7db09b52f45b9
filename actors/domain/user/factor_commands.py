"""Orders about what people prove themselves with besides a password."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from personae.actors.domain.kit import command
from personae.actors.domain.user.factors import Channel, IdpLink
from personae.actors.domain.values import Sealed


@command("user", id="user_id")
class RegisterTotp:
    """Make a secret for an authenticator app, shown once; a code of it must follow."""

    user_id: str


@command("user", id="user_id")
class VerifyTotp:
    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class RemoveTotp:
    user_id: str


@command("user", id="user_id")
class CheckTotp:
    """Compare a code of the authenticator app; counted either way."""

    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class AddOtp:
    """Let codes be sent as second factor."""

    user_id: str
    channel: Channel


@command("user", id="user_id")
class RemoveOtp:
    user_id: str
    channel: Channel


@command("user", id="user_id")
class CheckOtp:
    """Compare what was entered with the code a session had sent; counted either way."""

    user_id: str
    channel: Channel
    entered: str = field(repr=False)
    code: Sealed | None
    expires: datetime | None


@command("user", id="user_id")
class GenerateRecoveryCodes:
    """Make codes for the day all else is lost, in place of earlier ones; shown once."""

    user_id: str
    count: int


@command("user", id="user_id")
class RemoveRecoveryCodes:
    user_id: str


@command("user", id="user_id")
class CheckRecoveryCode:
    """Compare a recovery code; counted when wrong, used up when right."""

    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class AddIdpLink:
    user_id: str
    link: IdpLink


@command("user", id="user_id")
class RemoveIdpLink:
    user_id: str
    idp_id: str
    linked_user_id: str


@command("user", id="user_id")
class RegisterAuthenticator:
    """Begin to register a security key or a passkey for the pages of a domain.

    ``attachment``: ``platform`` or ``cross-platform``, empty for either. Who holds a code that
    was made for this names it by ``code_id``.
    """

    user_id: str
    token_id: str
    passkey: bool
    rp_id: str
    attachment: str = ""
    code_id: str = ""
    code: str = field(default="", repr=False)


@command("user", id="user_id")
class VerifyAuthenticator:
    """Finish a registration with what the browser answered, as JSON (WebAuthn 3, 5.1.8)."""

    user_id: str
    token_id: str
    passkey: bool
    credential: str = field(repr=False)
    name: str = ""


@command("user", id="user_id")
class RemoveAuthenticator:
    user_id: str
    token_id: str
    passkey: bool


@command("user", id="user_id")
class CheckAuthenticator:
    """Verify what a browser answered to a session's challenge, as JSON."""

    user_id: str
    credential: str = field(repr=False)
    challenge: str
    rp_id: str
    verify_user: bool
