"""What links in mails lead to: confirm an address, set a password, accept an invitation.

Opening a link changes nothing, because programs that read mails open links, too: only the form
does. Whether there is such a user is told to nobody who has no code.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from personae.actors.aggregates.facts.user_codes import matches
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user import refusals
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.decide.password import check_complexity
from personae.actors.domain.user.values import NewPassword
from personae.http.login.check import name_of
from personae.http.login.forms import Form, read_form
from personae.http.login.guesses import check_guesses, note_wrong
from personae.http.login.new_password import check_typed, problem_of, rules_of
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit

LONGEST = 200
WRONG = {
    refusals.CODE_INVALID,
    refusals.CODE_MISSING,
    refusals.NOT_FOUND,
    refusals.NOT_HUMAN,
}
"""Refusals that must look alike to who may be guessing."""


async def show_verify(visit: Visit) -> web.Response:
    """Show the code that proves an address, and the button that uses it."""
    return await _page(visit, "verify", _named(visit), _given(visit, "code"))


async def take_verify(visit: Visit) -> web.Response:
    """Prove the address."""
    form = await read_form(visit, "verify")
    order = c.VerifyEmail(user_id=form.memory["user"], code=form["code"])
    return await _taken(visit, "verify", form, order)


async def show_reset(visit: Visit) -> web.Response:
    """Ask for the password to set with a code that was sent."""
    return await _page(visit, "password/set", _named(visit), _given(visit, "code"))


async def take_reset(visit: Visit) -> web.Response:
    """Set the password."""
    form = await read_form(visit, "password/set")
    order = UpdateHuman(
        user_id=form.memory["user"],
        password=NewPassword(plain=form["new"]),
        password_code=form["code"].strip(),
    )
    return await _taken(visit, "password/set", form, order)


async def show_invite(visit: Visit) -> web.Response:
    """Ask for the password that the invited will sign in with."""
    return await _page(visit, "invite", _named(visit), _given(visit, "code"))


async def take_invite(visit: Visit) -> web.Response:
    """Accept the invitation; the code proves the address, too."""
    form = await read_form(visit, "invite")
    order = c.VerifyInvite(user_id=form.memory["user"], code=form["code"])
    return await _taken(visit, "invite", form, order)


def _named(visit: Visit) -> dict[str, str]:
    """Return what a link names: a user, and the organisation whose rules for passwords hold."""
    return {"user": _given(visit, "user"), "org": _given(visit, "org")}


def _given(visit: Visit, name: str) -> str:
    text = visit.request.query.get(name, "")[:LONGEST]
    return text if text.isprintable() else ""


async def _page(
    visit: Visit, what: str, memory: Mapping[str, str], code: str, *problems: Problem
) -> web.Response:
    """Return a page: whoever the link names, nobody is looked up for it."""
    policies = await policies_of(visit.services.world, visit.instance_id, memory["org"])
    return visit.page(
        "mailed",
        problems=problems,
        what=what,
        said=visit.texts["mailed"][NAMES[what]],
        code=code,
        rules=rules_of(policies.complexity),
        least=policies.complexity.min_length,
        with_password=what != "verify",
        memory=memory,
    )


NAMES = {"verify": "verify", "password/set": "reset", "invite": "invite"}
"""Names of the texts of a page, by where it is."""


async def _taken(visit: Visit, what: str, form: Form, order: object) -> web.Response:
    user_id = form.memory["user"]
    try:
        check_guesses(visit, "code")
        if what != "verify":
            check_typed(form)
        if isinstance(order, c.VerifyInvite):
            await _before_invite(visit, order, form)
        await _send(visit, order, Caller(instance_id=visit.instance_id, user_id=user_id))
        if isinstance(order, c.VerifyInvite):
            password = NewPassword(plain=form["new"])
            await _send(visit, UpdateHuman(user_id=user_id, password=password), visit.system)
    except Problem as problem:
        return await _page(visit, what, form.memory, form["code"][:LONGEST], problem)
    said = visit.texts["mailed"][NAMES[what]]
    return visit.page("mailed_done", said=said, go_on=await _sign_in(visit, user_id))


async def _before_invite(visit: Visit, order: c.VerifyInvite, form: Form) -> None:
    """Look at the password before the code is used up; only the right code is told of rules."""
    world, instance_id = visit.services.world, visit.instance_id
    aggregate = await world.aggregate(Stream(instance_id, "user", order.user_id))
    pending = aggregate.state.codes.get(CodeKind.INVITE)
    if pending is None or not matches(pending.code, order.code, world, instance_id):
        return
    policies = await policies_of(world, instance_id, aggregate.owner)
    if not policies.login.allow_username_password:
        raise Problem("new", "password_off")
    try:
        check_complexity(NewPassword(plain=form["new"]), policies.complexity)
    except Refusal as refusal:
        raise problem_of(refusal) from None


async def _send(visit: Visit, order: object, caller: Caller) -> None:
    try:
        await visit.services.send(order, caller)
    except Refusal as refusal:
        if refusal.reason in WRONG:
            note_wrong(visit)
            raise Problem("code", "code_wrong") from None
        raise problem_of(refusal) from None


async def _sign_in(visit: Visit, user_id: str) -> str:
    """Return where somebody whose code was right goes on."""
    name = await name_of(visit, user_id)
    return visit.url("/password", who=visit.sealed("name", name)) if name else visit.url("/login")
