"""Changing what users are described by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from personae.actors.domain.kit import Decisions
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.code_events import PasswordCodeCheckFailed
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.decide.codes import spend
from personae.actors.domain.user.decide.contact import change_email, change_phone
from personae.actors.domain.user.decide.metadata import change_metadata
from personae.actors.domain.user.decide.names import rename
from personae.actors.domain.user.decide.password import change_password, failed_guess
from personae.actors.domain.user.facts import HumanFacts, NamingFacts
from personae.actors.domain.user.state import USER, Machine, User
from personae.actors.domain.user.values import Profile, ProfileChange


@USER.decides(c.UpdateHuman)
def update_human(user: User, cmd: c.UpdateHuman, facts: HumanFacts) -> Decisions:
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.human is None:
        raise refusals.NOT_HUMAN()
    if facts.wrong_guess:
        yield from failed_guess(user.human, facts.wrong_guess)
        yield refusals.PASSWORD_WRONG()
        return
    if facts.code_right is not None:
        spent = spend(
            user.human,
            CodeKind.PASSWORD,
            PasswordCodeCheckFailed(),
            right=facts.code_right,
            now=facts.now,
        )
        if not (yield from spent):
            return
    yield from rename(user, cmd.user_name, facts)
    yield from change_profile(user.human.profile, cmd.profile)
    yield from change_email(user.human, cmd.email, facts)
    yield from change_phone(user.human, cmd.phone, facts)
    yield from change_password(cmd.password, facts)
    yield from change_metadata(user, cmd.metadata)


@USER.decides(c.UpdateMachine)
def update_machine(user: User, cmd: c.UpdateMachine, facts: NamingFacts) -> Decisions:
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.machine is None:
        raise refusals.NOT_MACHINE()
    yield from rename(user, cmd.user_name, facts)
    wanted = {
        "name": cmd.name,
        "description": cmd.description,
        "access_token_type": cmd.access_token_type,
    }
    changes = _differences(user.machine, wanted)
    if changes:
        yield e.MachineChanged(**changes)
    yield from change_metadata(user, cmd.metadata)


def change_profile(profile: Profile, change: ProfileChange | None) -> Decisions:
    """Yield what changes a profile; nothing when it is already so."""
    if change is None:
        return
    changes = _differences(profile, {f.name: getattr(change, f.name) for f in fields(change)})
    if "" in (changes.get("first_name"), changes.get("last_name")):
        raise refusals.PROFILE_INCOMPLETE()
    if changes:
        yield e.ProfileChanged(**changes)


def _differences(current: Profile | Machine, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in wanted.items()
        if value is not None and value != getattr(current, name)
    }
