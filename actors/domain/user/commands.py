"""Orders to a user."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from personae.actors.domain.kit import command
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.user.factors import IdpLink
from personae.actors.domain.user.values import (
    AccessTokenType,
    NewContact,
    NewPassword,
    Profile,
    ProfileChange,
)


@command("user", id="user_id", owner="org_id", creates=True)
class AddHuman:
    """Make an account for a person; ``self_registered`` says that the person did so itself."""

    user_id: str
    org_id: str
    user_name: str
    profile: Profile
    email: NewContact
    phone: NewContact | None = None
    password: NewPassword | None = None
    metadata: tuple[tuple[str, bytes], ...] = ()
    links: tuple[IdpLink, ...] = ()
    totp_secret: str = field(default="", repr=False)
    self_registered: bool = False


@command("user", id="user_id", owner="org_id", creates=True)
class AddMachine:
    user_id: str
    org_id: str
    user_name: str
    name: str
    description: str = ""
    access_token_type: AccessTokenType = AccessTokenType.BEARER
    metadata: tuple[tuple[str, bytes], ...] = ()


@command("user", id="user_id")
class UpdateHuman:
    """Change what is given.

    People who change their own password prove it is theirs: by ``current_password`` or by a
    ``password_code`` they were sent.
    """

    user_id: str
    user_name: str | None = None
    profile: ProfileChange | None = None
    email: NewContact | None = None
    phone: NewContact | None = None
    password: NewPassword | None = None
    current_password: str = field(default="", repr=False)
    password_code: str = field(default="", repr=False)
    metadata: tuple[tuple[str, bytes], ...] = ()


@command("user", id="user_id")
class GiveUpDomain:
    """Take another user name in place of one that ends in another organisation's domain."""

    user_id: str
    domain: str
    user_name: str


@command("user", id="user_id")
class UpdateMachine:
    user_id: str
    user_name: str | None = None
    name: str | None = None
    description: str | None = None
    access_token_type: AccessTokenType | None = None
    metadata: tuple[tuple[str, bytes], ...] = ()


@command("user", id="user_id")
class RemoveUser:
    user_id: str


@command("user", id="user_id")
class DeactivateUser:
    user_id: str


@command("user", id="user_id")
class ReactivateUser:
    user_id: str


@command("user", id="user_id")
class LockUser:
    user_id: str


@command("user", id="user_id")
class UnlockUser:
    user_id: str


@command("user", id="user_id")
class CheckPassword:
    """Compare a password with the stored one; the result is counted either way."""

    user_id: str
    password: str = field(repr=False)


@command("user", id="user_id")
class SetMachineSecret:
    user_id: str


@command("user", id="user_id")
class RemoveMachineSecret:
    user_id: str


@command("user", id="user_id")
class AddMachineKey:
    """Add a public key; without one, a pair is made and the private half returned once."""

    user_id: str
    key_id: str
    expires: datetime | None = None
    public_key: bytes = b""


@command("user", id="user_id")
class RemoveMachineKey:
    user_id: str
    key_id: str


@command("user", id="user_id")
class AddPersonalAccessToken:
    user_id: str
    token_id: str
    expires: datetime | None = None
    scopes: tuple[str, ...] = ()


@command("user", id="user_id")
class RemovePersonalAccessToken:
    user_id: str
    token_id: str


@command("user", id="user_id")
class SetMetadata:
    user_id: str
    entries: tuple[tuple[str, bytes], ...]


@command("user", id="user_id")
class RemoveMetadata:
    user_id: str
    keys: tuple[str, ...]


@command("user", id="user_id")
class SkipMfaSetup:
    """Note that somebody would rather set up a second factor later."""

    user_id: str


@command("user", id="user_id")
class Impersonate:
    """Give an actor tokens of this user, and keep that on record in the same commit.

    The door asked whether it may.
    """

    user_id: str
    application_id: str
    actor_id: str
    oidc_session_id: str
    opening: Opening


@command("user", id="user_id")
class GiveConsent:
    """Let a client have what scopes name, besides what it was allowed before."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]


@command("user", id="user_id")
class WithdrawConsent:
    """Take back all that a client was allowed; its tokens end."""

    user_id: str
    client_id: str
