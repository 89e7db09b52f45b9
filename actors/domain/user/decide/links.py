"""Accounts elsewhere that sign a user in."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Release
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.codes import human
from personae.actors.domain.user.factors import EXTERNAL_IDPS, IdpLink
from personae.actors.domain.user.state import USER, User


@USER.decides(c.AddIdpLink)
def add_link(user: User, cmd: c.AddIdpLink, _facts: object) -> Decisions:
    if any(each.claim == cmd.link.claim for each in human(user).links):
        raise refusals.LINK_TAKEN()
    yield from linked(cmd.link)


def linked(link: IdpLink) -> Decisions:
    """Yield what links an account elsewhere."""
    yield Claim(EXTERNAL_IDPS, link.claim, refusals.LINK_TAKEN)
    yield e.IdpLinkAdded(idp_id=link.idp_id, user_id=link.user_id, display_name=link.user_name)


@USER.decides(c.RemoveIdpLink)
def remove_link(user: User, cmd: c.RemoveIdpLink, _facts: object) -> Decisions:
    gone = IdpLink(cmd.idp_id, cmd.linked_user_id)
    if all(each.claim != gone.claim for each in human(user).links):
        raise refusals.LINK_NOT_FOUND()
    yield Release(EXTERNAL_IDPS, gone.claim)
    yield e.IdpLinkRemoved(idp_id=cmd.idp_id, user_id=cmd.linked_user_id)
