"""From the system users of the settings to those the server knows."""

from __future__ import annotations

from personae.actors.domain.kit.caller import Membership
from personae.config.settings import Settings, SystemApiUser, SystemMembership
from personae.http.identity.system_users import SystemUsers

KINDS = {"System": "", "IAM": "instance", "Organization": "org"}


def system_users_of(settings: Settings) -> SystemUsers:
    """Return the system users. Raises ``OSError`` for a missing file, KEY-Invalid for a bad key."""
    users = {
        name: (_key(user), [_membership(each) for each in user.memberships])
        for name, user in settings.system_api_users.items()
    }
    return SystemUsers(users, settings.external_url)


def _key(user: SystemApiUser) -> str | bytes:
    return user.path.read_bytes() if user.path else user.public_key


def _membership(given: SystemMembership) -> Membership:
    return Membership(given.roles, KINDS[given.member_type], given.aggregate_id)
