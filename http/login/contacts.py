"""Signing in with what is proved to be one's own: a verified e-mail address or phone number.

Names come first, and are looked up by claims; this is asked of a read model, so it waits until
that is no older than the log.
"""

from __future__ import annotations

from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.kit import Stream
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.user.state import User
from personae.http.login.visit import Visit
from personae.projections.kit import ALL, Question
from personae.projections.phones import normal
from personae.projections.users import USERS, has_email, has_phone


async def user_by_contact(visit: Visit, typed: str) -> str | None:
    """Return the id of the one user whom a verified address or number belongs to, or ``None``.

    ``None`` also when it belongs to several, of the organisation that is asked for or, without
    one, of the instance; and where the policy of the user's organisation does not take it.
    """
    address = plain(typed)
    is_email = "@" in address
    if "\0" in address or not (is_email or address.removeprefix("+").isdecimal()):
        return None
    question = Question(
        table=USERS,
        instance_id=visit.instance_id,
        allowed=ALL,
        where={"resource_owner": visit.org_id} if visit.org_id else {},
        conditions=[has_email(address) if is_email else has_phone(address)],
        limit=2,
    )
    rows = (await visit.services.ask(question)).rows
    if len(rows) != 1 or not await _takes(visit, rows[0].id, address):
        return None
    return str(rows[0].id)


async def _takes(visit: Visit, user_id: str, address: str) -> bool:
    """Say whether the user, as they are now, may sign in with an address or number."""
    world = visit.services.world
    aggregate = await world.aggregate(Stream(visit.instance_id, "user", user_id))
    policies = await policies_of(world, visit.instance_id, aggregate.owner)
    return address in contacts_of(aggregate.state, policies.login)


def contacts_of(user: User, login: LoginPolicy) -> tuple[str, ...]:
    """Return the addresses and numbers that a user may sign in with beside names, as plain ones."""
    if user.human is None:
        return ()
    taken = (
        (user.human.email, login.disable_login_with_email),
        (user.human.phone, login.disable_login_with_phone),
    )
    return tuple(plain(contact.value) for contact, off in taken if contact.verified and not off)


def plain(address: str) -> str:
    """Return an address in lower case, or a number as all are written that say their country.

    >>> plain(" +41 (79) 123-45-67 ")
    '+41791234567'
    """
    return address.strip().lower() if "@" in address else normal(address)
