"""Orders about codes of users: make, send or return one, and enter it."""

from __future__ import annotations

from dataclasses import field

from personae.actors.domain.kit import command
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.values import Sealed


@command("user", id="user_id")
class SendEmailCode:
    """Make a code that verifies the e-mail address; ``again``: only in place of another."""

    user_id: str
    return_code: bool = False
    url_template: str = ""
    again: bool = False


@command("user", id="user_id")
class SendPhoneCode:
    """Make a code that verifies the phone number, in place of another."""

    user_id: str
    return_code: bool = False


@command("user", id="user_id")
class ResetPassword:
    """Make a code that a new password may be set with."""

    user_id: str
    return_code: bool = False
    by_sms: bool = False
    url_template: str = ""


@command("user", id="user_id")
class Invite:
    """Make a code for somebody who has no way to sign in yet."""

    user_id: str
    return_code: bool = False
    url_template: str = ""
    application_name: str = ""


@command("user", id="user_id")
class InviteAgain:
    """Send another code in place of an invitation's earlier one."""

    user_id: str


@command("user", id="user_id")
class LinkPasskeyRegistration:
    """Make a code that a passkey may be registered with; ``code_id`` will name it."""

    user_id: str
    code_id: str
    return_code: bool = False
    url_template: str = ""


@command("user", id="user_id")
class VerifyEmail:
    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class VerifyPhone:
    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class VerifyInvite:
    user_id: str
    code: str = field(repr=False)


@command("user", id="user_id")
class NoteCodeSent:
    """Keep on record that a code was sent: this very one, no later one."""

    user_id: str
    kind: CodeKind
    code: Sealed


@command("user", id="user_id")
class NotePasswordChangeSent:
    """Keep on record that the user was told of a new password."""

    user_id: str


@command("user", id="user_id")
class NoteDomainClaimedSent:
    """Keep on record that the user was told of a new user name."""

    user_id: str
