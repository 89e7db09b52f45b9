"""What happens to users. Names without ``human`` are those of older histories."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire
from personae.actors.domain.user.values import AccessTokenType, Gender


@event("user.human.added", "user.added")
class HumanAdded:
    user_name: str
    first_name: str = ""
    last_name: str = ""
    nick_name: str = ""
    display_name: str = ""
    preferred_language: str = ""
    gender: Gender = Gender.UNSPECIFIED
    email: str = ""
    phone: str = ""
    encoded_hash: str = ""
    change_required: bool = False


@event("user.human.selfregistered", "user.selfregistered")
class HumanRegistered:
    user_name: str
    first_name: str = ""
    last_name: str = ""
    nick_name: str = ""
    display_name: str = ""
    preferred_language: str = ""
    gender: Gender = Gender.UNSPECIFIED
    email: str = ""
    phone: str = ""
    encoded_hash: str = ""
    change_required: bool = False


@event("user.machine.added")
class MachineAdded:
    user_name: str
    name: str = ""
    description: str = ""
    access_token_type: AccessTokenType = AccessTokenType.BEARER


@event("user.machine.changed")
class MachineChanged:
    name: str | None = None
    description: str | None = None
    access_token_type: AccessTokenType | None = None


@event("user.username.changed")
class UsernameChanged:
    user_name: str


@event("user.domain.claimed")
class DomainClaimed:
    """An organisation proved the domain of the user's name, which is now another one."""

    user_name: str


@event("user.human.profile.changed", "user.profile.changed")
class ProfileChanged:
    first_name: str | None = None
    last_name: str | None = None
    nick_name: str | None = None
    display_name: str | None = None
    preferred_language: str | None = None
    gender: Gender | None = None


@event("user.human.email.changed", "user.email.changed")
class EmailChanged:
    email: str


@event("user.human.email.verified", "user.email.verified")
class EmailVerified:
    pass


@event("user.human.phone.changed", "user.phone.changed")
class PhoneChanged:
    phone: str


@event("user.human.phone.removed", "user.phone.removed")
class PhoneRemoved:
    pass


@event("user.human.phone.verified", "user.phone.verified")
class PhoneVerified:
    pass


@event("user.human.password.changed", "user.password.changed")
class PasswordChanged:
    encoded_hash: str
    change_required: bool = False
    changed_at: datetime | None = None


@event("user.human.password.hash.updated")
class PasswordHashUpdated:
    encoded_hash: str


@event("user.human.password.check.succeeded", "user.password.check.succeeded")
class PasswordCheckSucceeded:
    pass


@event("user.human.password.check.failed", "user.password.check.failed")
class PasswordCheckFailed:
    pass


@event("user.locked")
class UserLocked:
    pass


@event("user.unlocked")
class UserUnlocked:
    pass


@event("user.deactivated")
class UserDeactivated:
    pass


@event("user.reactivated")
class UserReactivated:
    pass


@event("user.removed")
class UserRemoved:
    pass


@event("user.machine.secret.set")
class MachineSecretSet:
    hashed_secret: str


@event("user.machine.secret.removed")
class MachineSecretRemoved:
    pass


@event("user.machine.key.added")
class MachineKeyAdded:
    key_id: str
    key_type: int = wire("type", default=1)
    expiration_date: datetime | None = None
    public_key: bytes = b""


@event("user.machine.key.removed")
class MachineKeyRemoved:
    key_id: str


@event("user.pat.added")
class PersonalAccessTokenAdded:
    token_id: str
    expiration: datetime | None = None
    scopes: tuple[str, ...] = ()


@event("user.pat.removed")
class PersonalAccessTokenRemoved:
    token_id: str


@event("user.metadata.set")
class MetadataSet:
    key: str
    value: bytes = b""


@event("user.metadata.removed")
class MetadataRemoved:
    key: str


@event("user.human.mfa.init.skipped", "user.mfa.otp.init.skipped")
class MfaSetupSkipped:
    skipped_at: datetime | None = None


@event("user.impersonated")
class UserImpersonated:
    """Somebody else (``actor_id``) got a token of this user, through an application."""

    application_id: str = wire("applicationId", default="")
    actor_id: str = wire("actorId", default="")


@event("user.consent.given")
class ConsentGiven:
    """The user lets a client have what these scopes name, also in future."""

    client_id: str = wire("clientId")
    scopes: tuple[str, ...] = ()


@event("user.consent.withdrawn")
class ConsentWithdrawn:
    client_id: str = wire("clientId")
