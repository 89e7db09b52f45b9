"""What happens to user grants."""

from __future__ import annotations

from personae.actors.domain.kit import event


@event("user.grant.added")
class UserGrantAdded:
    user_id: str
    project_id: str
    grant_id: str = ""
    role_keys: tuple[str, ...] = ()


@event("user.grant.changed")
class UserGrantChanged:
    role_keys: tuple[str, ...] = ()


@event("user.grant.cascade.changed")
class UserGrantCascadeChanged:
    role_keys: tuple[str, ...] = ()


@event("user.grant.deactivated")
class UserGrantDeactivated:
    pass


@event("user.grant.reactivated")
class UserGrantReactivated:
    pass


@event("user.grant.removed")
class UserGrantRemoved:
    pass


@event("user.grant.cascade.removed")
class UserGrantCascadeRemoved:
    pass
