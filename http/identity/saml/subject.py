"""How a service provider is told of somebody: by what name, with which attributes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from personae.actors.aggregates.clients import Client
from personae.actors.aggregates.login_names import login_names
from personae.actors.domain.kit import Stream
from personae.actors.domain.user.state import User
from personae.http.identity.saml.metadata import ServiceProvider
from personae.http.identity.saml.names import EMAIL, FORMATS, PERSISTENT, TRANSIENT, UNSPECIFIED

if TYPE_CHECKING:
    from personae.http.identity.services import Services

Attributes = tuple[tuple[str, tuple[str, ...]], ...]


class Subject(NamedTuple):
    """Somebody as a service provider sees it; without ``name`` it cannot be named as wished."""

    user_id: str
    org_id: str
    name: str
    format: str
    attributes: Attributes


def format_of(wanted: str, provider: ServiceProvider) -> str:
    """Return the format of names that a request or, if it has no wish, the metadata asks for."""
    if wanted and wanted != UNSPECIFIED:
        return wanted
    return next((each for each in provider.formats if each in FORMATS), UNSPECIFIED)


async def subject_of(
    services: Services, client: Client, provider: ServiceProvider, user: Stream, wanted: str
) -> Subject:
    """Return what a service provider is told of a user."""
    aggregate = await services.world.aggregate(user)
    state: User = aggregate.state
    names = await login_names(services.world, user.instance_id, state, aggregate.owner)
    login_name = names[0] if names else state.user_name
    kind = format_of(wanted, provider)
    email = _email(state)
    name = {
        PERSISTENT: user.id,
        EMAIL: email,
        TRANSIENT: f"_{secrets.token_hex(20)}",
        UNSPECIFIED: login_name,
    }[kind]
    attributes = _attributes(state, user.id, login_name)
    roles = await _roles(services, client, user)
    return Subject(user.id, aggregate.owner, name, kind, (*attributes, *roles))


def _attributes(user: User, user_id: str, login_name: str) -> Attributes:
    """Return what every service provider is told, without what there is none of."""
    human = user.human
    found = {
        "Email": _email(user),
        "SurName": human.profile.last_name if human else "",
        "FirstName": human.profile.first_name if human else "",
        "FullName": human.profile.shown_as if human else "",
        "UserName": login_name,
        "UserID": user_id,
    }
    return tuple((name, (value,)) for name, value in found.items() if value)


def _email(user: User) -> str:
    """Return an address that was proved: whoever is told of it may find an account by it."""
    return user.human.email.value if user.human and user.human.email.verified else ""


async def _roles(services: Services, client: Client, user: Stream) -> Attributes:
    """Return the user's roles in the project, where that asserts them."""
    if not client.project.role_assertion:
        return ()
    world = services.world
    held = await world.user_grants.roles(user.instance_id, user.id, client.project_id)
    found: dict[str, None] = {}
    for org_id, roles in held.items():
        if (await world.state(Stream(user.instance_id, "org", org_id))).active:
            found |= dict.fromkeys(roles)
    return (("Roles", tuple(found)),) if found else ()
