"""Every policy's events on every level, from one table.

An instance has each policy from its first moment and may change it; an organisation may add its
own, change it, and remove it again. A changed event carries only what has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from personae.actors.domain import policies as p
from personae.actors.domain.kit import event, replace, wire

INSTANCE, ORG = "instance", "org"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its type, its names in :class:`~policies.Policies` and in stored events.

    ``lists`` live and die with it, ``published`` is where it takes effect when that is not at
    once, ``shared`` says that organisations may have their own.
    """

    type: type
    field: str
    stored: str
    lists: tuple[str, ...] = ()
    published: str = ""
    shared: bool = True

    @property
    def levels(self) -> tuple[str, ...]:
        """Who may have it."""
        return (INSTANCE, ORG) if self.shared else (INSTANCE,)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the login policy: its name in stored events, and the field with what is listed."""

    stored: str
    item: str = "mfa_type"
    type: type = int
    key: str = "mfaType"
    more: tuple[str, ...] = ()
    deeds: tuple[str, ...] = ("added", "removed")


LISTS = {
    "second_factors": Listing("secondfactor"),
    "multi_factors": Listing("multifactor"),
    "idps": Listing(
        stored="idpprovider",
        item="idp_id",
        type=str,
        key="idpConfigId",
        more=("idp_provider_type",),
        deeds=("added", "removed", "cascade.removed"),
    ),
}
"""Lists of the login policy by their field."""

FAMILY = {
    policy.type: policy
    for policy in (
        Policy(p.LoginPolicy, "login", "policy.login", lists=tuple(LISTS)),
        Policy(p.PasswordComplexityPolicy, "complexity", "policy.password.complexity"),
        Policy(p.PasswordAgePolicy, "age", "policy.password.age"),
        Policy(p.LockoutPolicy, "lockout", "policy.lockout"),
        Policy(p.DomainPolicy, "domain", "policy.domain"),
        Policy(p.LabelPolicy, "label_preview", "policy.label", published="label"),
        Policy(p.PrivacyPolicy, "privacy", "policy.privacy"),
        Policy(p.NotificationPolicy, "notification", "policy.notification"),
        Policy(p.OIDCSettings, "oidc", "oidc.settings", shared=False),
        Policy(p.SecurityPolicy, "security", "policy.security", shared=False),
    )
}
"""Every policy by its type."""

_MEANING: dict[type, tuple[str, Policy]] = {}
"""What an event does to which policy."""

_EVENT: dict[tuple[str, type, str], type] = {}
"""Events by level, type of policy, and what they do."""

_LISTED: dict[type, tuple[str, bool]] = {}
"""Which list an event changes, and whether it adds."""


def _declare(level: str, policy: Policy, does: str) -> None:
    name = f"{level}.{policy.stored}.{does}"
    hints: dict[str, Any] = get_type_hints(policy.type)
    bases: tuple[type, ...] = ()
    content: dict[str, Any] = {"__module__": __name__, "__doc__": name}
    if does in {"added", "set"}:
        bases = (policy.type,)
    elif does == "changed":
        content |= {"__annotations__": {key: kind | None for key, kind in hints.items()}}
        content |= dict.fromkeys(hints)
    made = event(name)(type(policy.type.__name__ + does.capitalize(), bases, content))
    _MEANING[made] = (does, policy)
    _EVENT[level, policy.type, does] = made


def _deeds(level: str, policy: Policy) -> tuple[str, ...]:
    if policy.type is p.SecurityPolicy:
        return ("set",)
    removed = ("removed",) if level == ORG else ()
    activated = ("activated",) if policy.published else ()
    return ("added", "changed", *removed, *activated)


def _declare_listed(level: str, name: str, does: str) -> None:
    listing = LISTS[name]
    stored = f"{level}.policy.login.{listing.stored}.{does}"
    hints: dict[str, type] = {listing.item: listing.type, **dict.fromkeys(listing.more, int)}
    content: dict[str, Any] = {"__module__": __name__, "__doc__": stored}
    content["__annotations__"] = hints
    content |= {listing.item: wire(listing.key), **dict.fromkeys(listing.more, 0)}
    title = f"{listing.stored}{does.replace('.', '')}".capitalize()
    made = event(stored)(type(title, (), content))
    _LISTED[made] = (name, does == "added")
    _EVENT[level, p.LoginPolicy, f"{name}.{does}"] = made


for _policy in FAMILY.values():
    for _level in _policy.levels:
        for _does in _deeds(_level, _policy):
            _declare(_level, _policy, _does)
        for _list in _policy.lists:
            for _does in LISTS[_list].deeds:
                _declare_listed(_level, _list, _does)


def event_of(level: str, policy: type, does: str) -> type:
    """Return the class of an event (``added``, ``changed``, ``removed``, ``activated``, ``set``).

    ``second_factors.added`` and the like are events of the login policy's lists.
    """
    return _EVENT[level, policy, does]


def events_of(level: str) -> tuple[type, ...]:
    """Return every event of the family on a level."""
    return tuple(made for (of, _, _), made in _EVENT.items() if of == level)


def values_of(policy: object) -> dict[str, Any]:
    """Return the fields of a policy, or of the event that carries it."""
    return {f.name: getattr(policy, f.name) for f in fields(policy)}  # type: ignore[arg-type]


def applied(current: Mapping[str, Any], happened: Any) -> dict[str, Any]:
    """Return policies by their names after an event of the family."""
    if type(happened) in _LISTED:
        return _listed(current, happened)
    does, policy = _MEANING[type(happened)]
    if does == "removed":
        gone = {policy.field, policy.published, *policy.lists}
        return {name: value for name, value in current.items() if name not in gone}
    if does == "activated":
        return {**current, policy.published: current[policy.field]}
    if does == "changed":
        given = {key: value for key, value in values_of(happened).items() if value is not None}
        return {**current, policy.field: replace(current[policy.field], **given)}
    empty: dict[str, Any] = dict.fromkeys(policy.lists, ())
    return {**current, **empty, policy.field: policy.type(**values_of(happened))}


def _listed(current: Mapping[str, Any], happened: Any) -> dict[str, Any]:
    name, adds = _LISTED[type(happened)]
    item = getattr(happened, LISTS[name].item)
    others = tuple(each for each in current.get(name, ()) if each != item)
    return {**current, name: (*others, item) if adds else others}


def listed(level: str, policies: p.Policies) -> Iterator[Any]:
    """Yield the events that set the login policy's lists, for one that was just added."""
    for name, listing in LISTS.items():
        for item in getattr(policies, name):
            yield event_of(level, p.LoginPolicy, f"{name}.added")(**{listing.item: item})
