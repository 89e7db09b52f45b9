"""Making an account for oneself, where the organization lets anybody do so."""

from __future__ import annotations

from aiohttp import web
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.kit import Refusal
from personae.actors.domain.policies import Policies
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.http.login.check import Attempt, name_of, sign_in
from personae.http.login.contacts import user_by_contact
from personae.http.login.forms import Form, read_form
from personae.http.login.guesses import REGISTRATIONS, address_of
from personae.http.login.new_password import check_typed, problem_of, rules_of
from personae.http.login.problems import Problem
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

LONGEST_NAME, LONGEST_EMAIL = 200, 200
FIELDS = ("given", "family", "email")
PROBLEMS = {
    refusals.NAME_TAKEN: "register_taken",
    refusals.NAME_RESERVED: "register_taken",
    refusals.NAME_INVALID: "register_email",
    refusals.EMAIL_INVALID: "register_email",
}


async def organisation(visit: Visit) -> tuple[str, Policies]:
    """Return where new accounts of this visit go, with what holds there."""
    org_id = visit.org_id or visit.instance.default_org
    return org_id, await policies_of(visit.services.world, visit.instance_id, org_id)


def may_register(policies: Policies) -> bool:
    """Say whether anybody may make an account with a password."""
    return policies.login.allow_register and policies.login.allow_username_password


async def show_register(visit: Visit) -> web.Response:
    """Ask who it is."""
    org_id, policies = await organisation(visit)
    if not (org_id and may_register(policies)):
        return visit.redirect(visit.url("/loginname"))
    new_id = visit.services.world.new_id
    memory = {name: new_id() for name in ("user_id", "session_id", "token_id")}
    hint = (visit.asked.login_hint if visit.asked else None) or ""
    return _register(visit, policies, memory, {"email": hint[:LONGEST_EMAIL]})


def _register(
    visit: Visit,
    policies: Policies,
    memory: dict[str, str],
    typed: dict[str, str],
    *problems: Problem,
) -> web.Response:
    return visit.page(
        "register",
        problems=problems,
        typed={name: typed.get(name, "") for name in FIELDS},
        rules=rules_of(policies.complexity),
        least=policies.complexity.min_length,
        memory=memory,
    )


async def take_register(visit: Visit) -> web.Response:
    """Make the account, sign in, and go on."""
    form = await read_form(visit, "register")
    org_id, policies = await organisation(visit)
    if not (org_id and may_register(policies)):
        return visit.redirect(visit.url("/loginname"))
    memory = dict(form.memory)
    try:
        await _make(visit, org_id, form)
        name = await name_of(visit, memory["user_id"])
        attempt = Attempt(name, memory["session_id"], memory["token_id"])
        held = await sign_in(visit, attempt, form["new"])
    except Problem as problem:
        return _register(visit, policies, memory, dict(form.fields), problem)
    return await go_on(visit, held.session_id)


async def _make(visit: Visit, org_id: str, form: Form) -> None:
    """Make the account; the same form sent twice makes one. Raises :class:`Problem`."""
    _check(form)
    made, now = visit.request.app[REGISTRATIONS], visit.services.world.now()
    if made.too_many(address_of(visit), now):
        raise Problem("email", "register_often", status=429, retry=600)
    host = visit.request.get("host") or visit.request.host
    link = f"{visit.services.origins.of(host)}/ui/login/verify"
    email = form["email"].strip()
    # Names are looked for before addresses: this one would stand in somebody's way.
    if await user_by_contact(visit, email) is not None:
        made.wrong(address_of(visit), now)
        raise Problem("email", "register_taken")
    order = AddHuman(
        user_id=form.memory["user_id"],
        org_id=org_id,
        user_name=email,
        profile=Profile(
            first_name=form["given"].strip(),
            last_name=form["family"].strip(),
            preferred_language=visit.language,
        ),
        email=NewContact(value=email, url_template=link + "?user={{.UserID}}&code={{.Code}}"),
        password=NewPassword(plain=form["new"]),
        self_registered=True,
    )
    try:
        await visit.services.send(order, visit.system)
    except Refusal as refusal:
        if refusal.reason is refusals.ALREADY_EXISTS:
            return
        if refusal.reason in PROBLEMS:
            made.wrong(address_of(visit), now)
            raise Problem("email", PROBLEMS[refusal.reason]) from None
        raise problem_of(refusal) from None
    made.wrong(address_of(visit), now)


def _check(form: Form) -> None:
    for field in FIELDS:
        text = form[field].strip()
        if not text:
            raise Problem(field, f"register_{field}")
        if len(text) > LONGEST_NAME:
            raise Problem(field, "register_long")
    if "@" not in form["email"]:
        raise Problem("email", "register_email")
    check_typed(form)
