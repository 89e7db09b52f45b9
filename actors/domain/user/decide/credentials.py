"""Credentials of machine users: client secret, keys, personal access tokens."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.facts import KeyFacts, SecretFacts
from personae.actors.domain.user.state import USER, Machine, User


def machine(user: User) -> Machine:
    """Return the machine, or refuse."""
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.machine is None:
        raise refusals.NOT_MACHINE()
    return user.machine


def check_expiry(expires: datetime | None, now: datetime) -> None:
    """Refuse an end of life that has already passed."""
    if expires is not None and expires <= now:
        raise refusals.EXPIRY_PAST()


@USER.decides(c.SetMachineSecret)
def set_secret(user: User, _cmd: c.SetMachineSecret, facts: SecretFacts) -> Decisions:
    machine(user)
    yield e.MachineSecretSet(hashed_secret=facts.hashed_secret)


@USER.decides(c.RemoveMachineSecret)
def remove_secret(user: User, _cmd: c.RemoveMachineSecret, _facts: Facts) -> Decisions:
    if not machine(user).hashed_secret:
        raise refusals.SECRET_MISSING()
    yield e.MachineSecretRemoved()


@USER.decides(c.AddMachineKey)
def add_key(user: User, cmd: c.AddMachineKey, facts: KeyFacts) -> Decisions:
    machine(user)
    check_expiry(cmd.expires, facts.now)
    if not facts.public_key:
        raise refusals.KEY_INVALID()
    yield e.MachineKeyAdded(
        key_id=cmd.key_id, expiration_date=cmd.expires, public_key=facts.public_key
    )


@USER.decides(c.RemoveMachineKey)
def remove_key(user: User, cmd: c.RemoveMachineKey, _facts: Facts) -> Decisions:
    if cmd.key_id not in machine(user).keys:
        raise refusals.KEY_NOT_FOUND()
    yield e.MachineKeyRemoved(key_id=cmd.key_id)


@USER.decides(c.AddPersonalAccessToken)
def add_token(user: User, cmd: c.AddPersonalAccessToken, facts: Facts) -> Decisions:
    machine(user)
    check_expiry(cmd.expires, facts.now)
    yield e.PersonalAccessTokenAdded(
        token_id=cmd.token_id, expiration=cmd.expires, scopes=cmd.scopes
    )


@USER.decides(c.RemovePersonalAccessToken)
def remove_token(user: User, cmd: c.RemovePersonalAccessToken, _facts: Facts) -> Decisions:
    if cmd.token_id not in machine(user).tokens:
        raise refusals.TOKEN_NOT_FOUND()
    yield e.PersonalAccessTokenRemoved(token_id=cmd.token_id)
