"""People as requests describe them, for every method that creates or changes some."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import SYSTEM, Stream
from personae.actors.domain.project.values import CLIENT_IDS
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.factors import IdpLink
from personae.actors.domain.user.refusals import ALREADY_EXISTS
from personae.actors.domain.user.values import Gender, NewContact, NewPassword, Profile
from personae.http.api.reading import services_of
from personae.http.wire.call import Call
from personae.http.wire.wrong import Wrong
from personae.projections.phones import normal


async def new_user_id(call: Call, asked: str, permission: str, org_id: str = "") -> str:
    """Return the id for a new user: the one asked for, if nobody else is called so, or a new one.

    Ids of users stand beside other names: of who made something (this server, system users), of
    whom features are of (instance, organisations), of whom a token is for (clients). Whoever had
    such an id would see and change what is theirs. Raises USER-AlreadyExists, and
    AUTH-PermissionDenied before anything is told.
    """
    services = services_of(call)
    if not asked:
        return services.new_id()
    await services.permit(call.caller.at(org_id), permission)
    if asked in {SYSTEM, call.caller.instance_id} or asked in services.system_users:
        raise ALREADY_EXISTS()
    world, instance_id = services.world, call.caller.instance_id
    if (await world.state(Stream(instance_id, "org", asked))).exists:
        raise ALREADY_EXISTS()
    if await world.log.holder(instance_id, CLIENT_IDS, asked) is not None:
        raise ALREADY_EXISTS()
    return asked


def new_human(user_id: str, org_id: str, user_name: str, human: Any) -> AddHuman:
    """Return the command that creates a human; without a user name, the address is it."""
    return AddHuman(
        user_id=user_id,
        org_id=org_id,
        user_name=user_name or human.email.email,
        profile=profile_of(human.profile),
        email=contact_of(human.email, human.email.email),
        phone=phone_of(human.phone) if human.HasField("phone") else None,
        password=password_of(human),
        metadata=metadata_of(human.metadata),
        links=tuple(link_of(link) for link in human.idp_links),
        totp_secret=human.totp_secret,
    )


def profile_of(profile: Any) -> Profile:
    """Return a profile to set."""
    return Profile(
        first_name=profile.given_name,
        last_name=profile.family_name,
        nick_name=profile.nick_name,
        display_name=profile.display_name,
        preferred_language=profile.preferred_language,
        gender=gender_of(profile.gender),
    )


def gender_of(number: int) -> Gender:
    """Return a gender by its number, which is the API's too."""
    try:
        return Gender(number)
    except ValueError:
        raise Wrong("defined_only", "gender", "profile") from None


def contact_of(contact: Any, value: str) -> NewContact:
    """Return an e-mail address or phone number to set, with how it is verified."""
    way = contact.WhichOneof("verification")
    return NewContact(
        value=value,
        verified=way == "is_verified" and contact.is_verified,
        return_code=way == "return_code",
        url_template=getattr(contact.send_code, "url_template", ""),
    )


def phone_of(contact: Any) -> NewContact:
    """Return a phone number to set, written as all are."""
    return contact_of(contact, normal(contact.phone))


def password_of(source: Any) -> NewPassword | None:
    """Return the password to set, in plain or hashed, if one is given."""
    match source.WhichOneof("password_type"):
        case "password":
            given = source.password
            return NewPassword(plain=given.password, change_required=given.change_required)
        case "hashed_password":
            given = source.hashed_password
            return NewPassword(encoded_hash=given.hash, change_required=given.change_required)
    return None


def metadata_of(entries: Any) -> tuple[tuple[str, bytes], ...]:
    """Return metadata to set."""
    return tuple((entry.key, entry.value) for entry in entries)


def link_of(link: Any) -> IdpLink:
    """Return an account elsewhere to link."""
    return IdpLink(link.idp_id, link.user_id, link.user_name)
