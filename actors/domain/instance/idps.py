"""Orders about an instance's identity providers, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.actors.domain.idp import events as e
from personae.actors.domain.idp import refusals
from personae.actors.domain.idp.presets import PRESETS, Protocol
from personae.actors.domain.idp.rules import check
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.instance.decide import existing
from personae.actors.domain.instance.state import INSTANCE, Instance
from personae.actors.domain.kit import Decisions, Facts, command, replace
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.policy_family import INSTANCE as LEVEL
from personae.actors.domain.policy_family import event_of
from personae.actors.domain.values import Sealed

SYSTEM_OWNED = 1
"""The API's number for providers of the instance, as opposed to an organisation's."""


@command("instance", id="instance_id")
class AddIdp:
    """Add an identity provider; ``secret`` is kept sealed."""

    instance_id: str
    idp_id: str
    idp: Idp
    secret: str = field(default="", repr=False)


@command("instance", id="instance_id")
class ChangeIdp:
    """Replace a provider's settings; an empty ``secret`` stays as it is."""

    instance_id: str
    idp_id: str
    idp: Idp
    secret: str = field(default="", repr=False)


@command("instance", id="instance_id")
class RemoveIdp:
    """Forget a provider. Links of users stay, and lead nowhere."""

    instance_id: str
    idp_id: str


@command("instance", id="instance_id")
class OfferIdp:
    """Let the login policy offer a provider: nobody signs in through it before."""

    instance_id: str
    idp_id: str


@command("instance", id="instance_id")
class WithdrawIdp:
    """Offer a provider no more."""

    instance_id: str
    idp_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpFacts(Facts):
    """The provider's secret, sealed, if one was given."""

    secret: Sealed | None = None


@INSTANCE.on(*e.ADDED.values())
def _(instance: Instance, event: Any) -> Instance:
    kind = e.KIND_OF[type(event)]
    given = {name: getattr(event, name) for name in e.stored_fields(kind)}
    return replace(instance, idps={**instance.idps, event.id: Idp(kind=kind, **given)})


@INSTANCE.on(*e.CHANGED.values())
def _(instance: Instance, event: Any) -> Instance:
    known = instance.idps.get(event.id)
    if known is None:
        return instance
    given = {name: getattr(event, name) for name in e.stored_fields(known.kind)}
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(instance, idps={**instance.idps, event.id: replace(known, **changes)})


@INSTANCE.on(e.IdpRemoved)
def _(instance: Instance, event: e.IdpRemoved) -> Instance:
    return replace(instance, idps={k: v for k, v in instance.idps.items() if k != event.id})


@INSTANCE.decides(AddIdp)
def add(instance: Instance, cmd: AddIdp, facts: IdpFacts) -> Decisions:
    """Decide: another provider."""
    if cmd.idp_id in existing(instance).idps:
        raise refusals.ALREADY_EXISTS()
    check(cmd.idp)
    if facts.secret is None and PRESETS[cmd.idp.kind].protocol is not Protocol.JWT:
        raise refusals.SECRET_MISSING()
    yield e.ADDED[cmd.idp.kind](id=cmd.idp_id, **_given(replace(cmd.idp, secret=facts.secret)))


@INSTANCE.decides(ChangeIdp)
def change(instance: Instance, cmd: ChangeIdp, facts: IdpFacts) -> Decisions:
    """Decide: what is different."""
    known = _known(instance, cmd.idp_id)
    if known.kind is not cmd.idp.kind:
        raise refusals.OTHER_KIND()
    check(cmd.idp)
    wanted = _given(replace(cmd.idp, secret=facts.secret or known.secret))
    before = _given(known)
    different = {name: value for name, value in wanted.items() if value != before[name]}
    if different:
        yield e.CHANGED[known.kind](id=cmd.idp_id, **different)


@INSTANCE.decides(RemoveIdp)
def remove(instance: Instance, cmd: RemoveIdp, _facts: Facts) -> Decisions:
    """Decide: it is gone, from the login policy too."""
    _known(instance, cmd.idp_id)
    if cmd.idp_id in instance.policies.idps:
        yield event_of(LEVEL, LoginPolicy, "idps.cascade.removed")(idp_id=cmd.idp_id)
    yield e.IdpRemoved(id=cmd.idp_id)


@INSTANCE.decides(OfferIdp)
def offer(instance: Instance, cmd: OfferIdp, _facts: Facts) -> Decisions:
    """Decide: people may sign in through it."""
    _known(instance, cmd.idp_id)
    if cmd.idp_id in instance.policies.idps:
        raise refusals.ALREADY_OFFERED()
    added = event_of(LEVEL, LoginPolicy, "idps.added")
    yield added(idp_id=cmd.idp_id, idp_provider_type=SYSTEM_OWNED)


@INSTANCE.decides(WithdrawIdp)
def withdraw(instance: Instance, cmd: WithdrawIdp, _facts: Facts) -> Decisions:
    """Decide: people may not sign in through it any more."""
    if cmd.idp_id not in existing(instance).policies.idps:
        raise refusals.NOT_OFFERED()
    yield event_of(LEVEL, LoginPolicy, "idps.removed")(idp_id=cmd.idp_id)


def _known(instance: Instance, idp_id: str) -> Idp:
    known = existing(instance).idps.get(idp_id)
    if known is None:
        raise refusals.NOT_FOUND()
    return known


def _given(idp: Idp) -> Mapping[str, Any]:
    return {name: getattr(idp, name) for name in e.stored_fields(idp.kind)}
