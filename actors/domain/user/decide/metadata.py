"""What others keep about users, by key; and that a second factor was put off."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.codes import human
from personae.actors.domain.user.state import USER, User


@USER.decides(c.SetMetadata)
def set_metadata(user: User, cmd: c.SetMetadata, _facts: object) -> Decisions:
    if not user.exists:
        raise refusals.NOT_FOUND()
    yield from change_metadata(user, cmd.entries)


def change_metadata(user: User, entries: tuple[tuple[str, bytes], ...]) -> Decisions:
    """Yield what sets entries; nothing for those that are already so."""
    for key, value in entries:
        if not (key and value):
            raise refusals.METADATA_EMPTY()
        if user.metadata.get(key) != value:
            yield e.MetadataSet(key=key, value=value)


@USER.decides(c.RemoveMetadata)
def remove_metadata(user: User, cmd: c.RemoveMetadata, _facts: object) -> Decisions:
    if not user.exists:
        raise refusals.NOT_FOUND()
    for key in dict.fromkeys(cmd.keys):
        if key not in user.metadata:
            raise refusals.METADATA_NOT_FOUND(key=key)
        yield e.MetadataRemoved(key=key)


@USER.decides(c.SkipMfaSetup)
def skip_mfa_setup(user: User, _cmd: c.SkipMfaSetup, facts: Facts) -> Decisions:
    human(user)
    yield e.MfaSetupSkipped(skipped_at=facts.now)
