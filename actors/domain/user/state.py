"""A user as decisions and tokens need to know it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.user import events as e
from personae.actors.domain.user.codes import CodeKind, PendingCode
from personae.actors.domain.user.factors import Authenticator, IdpLink, Totp
from personae.actors.domain.user.values import AccessTokenType, Profile, Status


@dataclass(frozen=True, slots=True)
class Contact:
    """An e-mail address or a phone number."""

    value: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Human:
    """What only people have.

    ``password_changed_at`` is unknown for a password that came with the user, and for histories
    that did not say.
    """

    profile: Profile
    email: Contact = Contact()
    phone: Contact = Contact()
    password_hash: str = ""
    password_change_required: bool = False
    password_change_untold: bool = False
    password_changed_at: datetime | None = None
    password_failures: int = 0
    claimed_domain: str = ""
    codes: Mapping[str, PendingCode] = field(default_factory=dict)
    totp: Totp | None = None
    otp_sms: bool = False
    otp_email: bool = False
    u2f: Mapping[str, Authenticator] = field(default_factory=dict)
    passkeys: Mapping[str, Authenticator] = field(default_factory=dict)
    recovery_codes: tuple[str, ...] = ()
    otp_failures: int = 0
    mfa_skipped_at: datetime | None = None
    links: tuple[IdpLink, ...] = ()

    @property
    def can_sign_in(self) -> bool:
        """Whether there is anything to sign in with."""
        passkey = any(each.verified for each in self.passkeys.values())
        return bool(self.password_hash or passkey or self.links)


@dataclass(frozen=True, slots=True)
class MachineKey:
    """A public key that a machine user signs assertions with."""

    public_key: bytes
    expires: datetime | None = None

    @property
    def algorithm(self) -> str:
        """None: it came as PEM, which names none."""
        return ""


@dataclass(frozen=True, slots=True)
class PersonalAccessToken:
    """A long-lived token; the text itself is known only to its holder."""

    expires: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """What only programs have."""

    name: str = ""
    description: str = ""
    access_token_type: AccessTokenType = AccessTokenType.BEARER
    hashed_secret: str = ""
    keys: Mapping[str, MachineKey] = field(default_factory=dict)
    tokens: Mapping[str, PersonalAccessToken] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """The state of one user; exactly one of ``human`` and ``machine`` is there once it exists.

    ``consents`` are the scopes that the user allowed clients, by client id.
    """

    status: Status = Status.UNKNOWN
    user_name: str = ""
    human: Human | None = None
    machine: Machine | None = None
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    consents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def lets_have(self, client_id: str, scopes: Collection[str]) -> bool:
        """Say whether the user allowed a client all of these scopes."""
        return client_id in self.consents and set(scopes) <= set(self.consents[client_id])

    @property
    def codes(self) -> Mapping[str, PendingCode]:
        """The codes that wait to be entered; a machine has none."""
        return self.human.codes if self.human else {}

    @property
    def exists(self) -> bool:
        """Whether the user was created and not deleted."""
        return self.status not in {Status.UNKNOWN, Status.DELETED}

    @property
    def may_sign_in(self) -> bool:
        """Whether the user's life allows a new session or token."""
        return self.status in {Status.ACTIVE, Status.INITIAL}


V = TypeVar("V")

USER = Kind("user", User(), revision=3)


@USER.on(e.HumanAdded, e.HumanRegistered)
def _(_user: User, event: e.HumanAdded) -> User:
    profile = Profile(
        first_name=event.first_name,
        last_name=event.last_name,
        nick_name=event.nick_name,
        display_name=event.display_name,
        preferred_language=event.preferred_language,
        gender=event.gender,
    )
    human = Human(
        profile=profile,
        email=Contact(event.email),
        phone=Contact(event.phone),
        password_hash=event.encoded_hash,
        password_change_required=event.change_required,
    )
    return User(Status.ACTIVE, event.user_name, human=human)


@USER.on(e.MachineAdded)
def _(_user: User, event: e.MachineAdded) -> User:
    machine = Machine(event.name, event.description, event.access_token_type)
    return User(Status.ACTIVE, event.user_name, machine=machine)


@USER.on(e.UsernameChanged)
def _(user: User, event: e.UsernameChanged) -> User:
    return replace(user, user_name=event.user_name)


@USER.on(e.DomainClaimed)
def _(user: User, event: e.DomainClaimed) -> User:
    claimed = user.user_name.rpartition("@")[2]
    return with_human(replace(user, user_name=event.user_name), claimed_domain=claimed)


@USER.on(e.UserRemoved)
def _(_user: User, _event: e.UserRemoved) -> User:
    return User(Status.DELETED)


@USER.on(e.UserImpersonated)
def _(user: User, _event: e.UserImpersonated) -> User:
    return user


STATUS_AFTER = {
    e.UserLocked: Status.LOCKED,
    e.UserUnlocked: Status.ACTIVE,
    e.UserDeactivated: Status.INACTIVE,
    e.UserReactivated: Status.ACTIVE,
}


@USER.on(*STATUS_AFTER)
def _(user: User, event: object) -> User:
    after = replace(user, status=STATUS_AFTER[type(event)])
    if not isinstance(event, e.UserUnlocked):
        return after
    return with_human(after, password_failures=0, otp_failures=0)


@USER.on(e.ProfileChanged)
def _(user: User, event: e.ProfileChanged) -> User:
    if user.human is None:
        return user
    return with_human(user, profile=replace(user.human.profile, **changed(event)))


@USER.on(e.EmailChanged)
def _(user: User, event: e.EmailChanged) -> User:
    # What was sent to the old address proves nothing about who reads the new one.
    kept = {k: v for k, v in user.codes.items() if k == CodeKind.PHONE}
    return with_human(user, email=Contact(event.email), codes=kept)


@USER.on(e.EmailVerified)
def _(user: User, _event: e.EmailVerified) -> User:
    human, codes = user.human, without(user.codes, CodeKind.EMAIL)
    if human is None:
        return user
    return with_human(user, email=Contact(human.email.value, True), codes=codes)


@USER.on(e.PhoneChanged)
def _(user: User, event: e.PhoneChanged) -> User:
    return with_human(user, phone=Contact(event.phone), codes=_without_sms(user))


@USER.on(e.PhoneRemoved)
def _(user: User, _event: e.PhoneRemoved) -> User:
    return with_human(user, phone=Contact(), codes=_without_sms(user), otp_sms=False)


def _without_sms(user: User) -> dict[str, PendingCode]:
    """Return the codes without those that may have gone to the number there was."""
    return without(without(user.codes, CodeKind.PHONE), CodeKind.PASSWORD)


@USER.on(e.PhoneVerified)
def _(user: User, _event: e.PhoneVerified) -> User:
    human, codes = user.human, without(user.codes, CodeKind.PHONE)
    if human is None:
        return user
    return with_human(user, phone=Contact(human.phone.value, True), codes=codes)


@USER.on(e.PasswordChanged)
def _(user: User, event: e.PasswordChanged) -> User:
    return with_human(
        user,
        password_hash=event.encoded_hash,
        password_change_required=event.change_required,
        password_change_untold=True,
        password_changed_at=event.changed_at,
        password_failures=0,
        codes=without(user.codes, CodeKind.PASSWORD),
    )


@USER.on(e.PasswordHashUpdated)
def _(user: User, event: e.PasswordHashUpdated) -> User:
    return with_human(user, password_hash=event.encoded_hash)


@USER.on(e.PasswordCheckSucceeded)
def _(user: User, _event: e.PasswordCheckSucceeded) -> User:
    return with_human(user, password_failures=0)


@USER.on(e.PasswordCheckFailed)
def _(user: User, _event: e.PasswordCheckFailed) -> User:
    human = user.human
    return with_human(user, password_failures=human.password_failures + 1) if human else user


@USER.on(e.MfaSetupSkipped)
def _(user: User, event: e.MfaSetupSkipped) -> User:
    return with_human(user, mfa_skipped_at=event.skipped_at)


@USER.on(e.MetadataSet)
def _(user: User, event: e.MetadataSet) -> User:
    return replace(user, metadata={**user.metadata, event.key: event.value})


@USER.on(e.MetadataRemoved)
def _(user: User, event: e.MetadataRemoved) -> User:
    return replace(user, metadata=without(user.metadata, event.key))


@USER.on(e.ConsentGiven)
def _(user: User, event: e.ConsentGiven) -> User:
    allowed = dict.fromkeys((*user.consents.get(event.client_id, ()), *event.scopes))
    return replace(user, consents={**user.consents, event.client_id: tuple(allowed)})


@USER.on(e.ConsentWithdrawn)
def _(user: User, event: e.ConsentWithdrawn) -> User:
    return replace(user, consents=without(user.consents, event.client_id))


@USER.on(e.MachineChanged)
def _(user: User, event: e.MachineChanged) -> User:
    return with_machine(user, **changed(event))


@USER.on(e.MachineSecretSet)
def _(user: User, event: e.MachineSecretSet) -> User:
    return with_machine(user, hashed_secret=event.hashed_secret)


@USER.on(e.MachineSecretRemoved)
def _(user: User, _event: e.MachineSecretRemoved) -> User:
    return with_machine(user, hashed_secret="")


@USER.on(e.MachineKeyAdded)
def _(user: User, event: e.MachineKeyAdded) -> User:
    key = MachineKey(event.public_key, event.expiration_date)
    return with_machine(user, keys={**machine_of(user).keys, event.key_id: key})


@USER.on(e.MachineKeyRemoved)
def _(user: User, event: e.MachineKeyRemoved) -> User:
    return with_machine(user, keys=without(machine_of(user).keys, event.key_id))


@USER.on(e.PersonalAccessTokenAdded)
def _(user: User, event: e.PersonalAccessTokenAdded) -> User:
    token = PersonalAccessToken(event.expiration, event.scopes)
    return with_machine(user, tokens={**machine_of(user).tokens, event.token_id: token})


@USER.on(e.PersonalAccessTokenRemoved)
def _(user: User, event: e.PersonalAccessTokenRemoved) -> User:
    return with_machine(user, tokens=without(machine_of(user).tokens, event.token_id))


def with_human(user: User, **changes: object) -> User:
    """Return the user with parts of the human changed; a machine stays as it is."""
    return replace(user, human=replace(user.human, **changes)) if user.human else user


def with_machine(user: User, **changes: object) -> User:
    """Return the user with parts of the machine changed; a human stays as it is."""
    return replace(user, machine=replace(user.machine, **changes)) if user.machine else user


def machine_of(user: User) -> Machine:
    """Return the machine, or an empty one where a foreign history has none."""
    return user.machine or Machine()


def without(entries: Mapping[str, V], key: str) -> dict[str, V]:
    """Return the entries except one."""
    return {k: v for k, v in entries.items() if k != key}


def changed(event: object) -> dict[str, Any]:
    """Return the fields of a change event that are set."""
    found = {f.name: getattr(event, f.name) for f in fields(event)}  # type: ignore[arg-type]
    return {name: value for name, value in found.items() if value is not None}
