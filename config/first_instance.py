"""What the first start creates: an instance, an organisation, an administrator, credentials."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from personae.config.fields import Secret, Section
from pydantic import Field

Name = Field(min_length=1, max_length=200)
Language = Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


class Admin(Section):
    """The first person, owner of the instance and of its first organisation."""

    user_name: str = Name
    first_name: str = Name
    last_name: str = Name
    email: str = Field(pattern=r"^[^@\s]{1,200}@[^@\s]{1,200}$")
    password: Secret
    password_change_required: bool
    preferred_language: str = Language


class Machine(Section):
    """A service user."""

    user_name: str = Name
    name: str = Name


class FirstInstance(Section):
    """Read once, when the database holds no instance yet; without effect afterwards."""

    name: str = Name
    org_name: str = Name
    default_language: str = Language
    machine_key_path: Path | None
    machine_key_expiration: datetime | None
    pat_path: Path | None
    pat_expiration: datetime | None
    login_client_pat_path: Path | None
    login_client_pat_expiration: datetime | None
    admin: Admin
    machine: Machine
    login_client: Machine
