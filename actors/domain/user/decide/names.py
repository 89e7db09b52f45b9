"""User names: what is allowed, and moving the claim when they change."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Release
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.facts import NamingFacts
from personae.actors.domain.user.state import USER, User
from personae.actors.domain.user.values import USERNAMES


def checked_name(user_name: str, facts: NamingFacts) -> str:
    """Return the name without outer blanks, or refuse it."""
    name = user_name.strip()
    if not name:
        raise refusals.NAME_INVALID(name=name)
    if facts.domain_reserved:
        raise refusals.NAME_RESERVED(name=name)
    facts.naming.claim(name)
    return name


def rename(user: User, user_name: str | None, facts: NamingFacts) -> Decisions:
    """Yield what gives the user another name; nothing when it already has it."""
    if user_name is None or user_name.strip() == user.user_name:
        return
    name = checked_name(user_name, facts)
    old, new = facts.naming.claim(user.user_name), facts.naming.claim(name)
    if old != new:
        yield Release(USERNAMES, old)
        yield Claim(USERNAMES, new, refusals.NAME_TAKEN)
    yield e.UsernameChanged(user_name=name)


@USER.decides(c.GiveUpDomain)
def give_up_domain(user: User, cmd: c.GiveUpDomain, facts: NamingFacts) -> Decisions:
    """Decide: a name for the time being, unless the user has another by now."""
    domain = user.user_name.rpartition("@")[2].strip().lower()
    if not user.exists or domain != cmd.domain or facts.naming.scoped:
        return
    if not facts.domain_reserved:
        return  # the domain was given back, or is the user's own organisation's
    yield Release(USERNAMES, facts.naming.claim(user.user_name))
    yield Claim(USERNAMES, facts.naming.claim(cmd.user_name), refusals.NAME_TAKEN)
    yield e.DomainClaimed(user_name=cmd.user_name)
