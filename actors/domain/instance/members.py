"""Orders to the members of an instance, and what follows from them."""

from __future__ import annotations

from personae.actors.domain import members
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.decide import existing
from personae.actors.domain.instance.state import INSTANCE, Instance
from personae.actors.domain.kit import Decisions, Facts, command
from personae.actors.domain.members import MemberFacts

OWNER = "IAM_OWNER"


@command("instance", id="instance_id")
class ChangeInstanceMember:
    """Give a member other roles."""

    instance_id: str
    user_id: str
    roles: tuple[str, ...]


@command("instance", id="instance_id")
class RemoveInstanceMember:
    """Take a member's roles; ``cascade``: because the user was deleted."""

    instance_id: str
    user_id: str
    cascade: bool = False


@INSTANCE.decides(ChangeInstanceMember)
def change(instance: Instance, cmd: ChangeInstanceMember, facts: MemberFacts) -> Decisions:
    """Decide: other roles, for who is a member."""
    if members.changes(existing(instance).members, cmd.user_id, cmd.roles, facts):
        if OWNER not in cmd.roles:
            _somebody_else_owns(instance, cmd.user_id)
        yield e.InstanceMemberChanged(user_id=cmd.user_id, roles=cmd.roles)


@INSTANCE.decides(RemoveInstanceMember)
def remove(instance: Instance, cmd: RemoveInstanceMember, _facts: Facts) -> Decisions:
    """Decide: no roles any more. Somebody must be left who may give them."""
    if cmd.user_id not in existing(instance).members:
        return
    if not cmd.cascade:
        _somebody_else_owns(instance, cmd.user_id)
    gone = e.InstanceMemberCascadeRemoved if cmd.cascade else e.InstanceMemberRemoved
    yield gone(user_id=cmd.user_id)


def _somebody_else_owns(instance: Instance, user_id: str) -> None:
    owners = {member for member, roles in instance.members.items() if OWNER in roles}
    if owners == {user_id}:
        raise refusals.LAST_OWNER()
