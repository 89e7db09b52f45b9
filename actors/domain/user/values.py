"""What users are described by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from personae.actors.domain.values import key


class Status(IntEnum):
    """Life of a user. Only ACTIVE and INITIAL users may sign in."""

    UNKNOWN = 0
    ACTIVE = 1
    INACTIVE = 2
    DELETED = 3
    LOCKED = 4
    INITIAL = 6


class Gender(IntEnum):
    """As the user wishes to be addressed."""

    UNSPECIFIED = 0
    FEMALE = 1
    MALE = 2
    DIVERSE = 3


class AccessTokenType(IntEnum):
    """What a machine user's access tokens look like."""

    BEARER = 0
    JWT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a human is called and addressed."""

    first_name: str
    last_name: str
    nick_name: str = ""
    display_name: str = ""
    preferred_language: str = ""
    gender: Gender = Gender.UNSPECIFIED

    @property
    def shown_as(self) -> str:
        """The display name, by default made of first and last name."""
        return self.display_name or f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """The parts of a profile to change; ``None`` leaves a part as it is."""

    first_name: str | None = None
    last_name: str | None = None
    nick_name: str | None = None
    display_name: str | None = None
    preferred_language: str | None = None
    gender: Gender | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """An e-mail address or phone number to set, and how it is verified.

    Neither verified nor ``return_code``: a code is sent, with ``url_template`` for its link.
    """

    value: str
    verified: bool = False
    return_code: bool = False
    url_template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password to set: in plain, or as a hash made elsewhere."""

    plain: str = ""
    encoded_hash: str = ""
    change_required: bool = False

    def __repr__(self) -> str:
        return "NewPassword(…)"


@dataclass(frozen=True, slots=True)
class Naming:
    """How user names are made unique for one organisation.

    ``scoped``: names are unique only within the organisation (its users sign in with
    ``name@domain``), otherwise within the whole instance.
    """

    org_id: str
    scoped: bool = False

    def claim(self, user_name: str) -> str:
        """Return the value to claim for a user name; refuses unreadable characters."""
        plain = key(user_name)
        return f"{plain}:{self.org_id}" if self.scoped else plain


USERNAMES = "usernames"
"""Name space of the claims on user names."""
