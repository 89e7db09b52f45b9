"""Multi-tenancy: the owner of one organisation, with all its rights, at the things of another.

Before each step of the flows (``flows.py``) that owner tries the same request, with the ids of the
other organisation wherever they may stand, in the header too, on one wire after the other
(ZA-22, ZA-31, ZA-45, ZA-58, ZA-61).
"""

from contextlib import suppress

import pytest
from personae.http.wire.wrong import Wrong

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api import system, wires
from tests.http.api.conftest import OTHER_ORG, OWNER, ROOT
from tests.http.api.flows import FLOWS, OPS


def owned_elsewhere(events):
    """Return what was written outside of the organisation that the caller owns."""
    return [
        (each.event.__event__, each.stream.id)
        for each in events
        if each.owner != OTHER_ORG and each.creator == OWNER
    ]


def older(name, fields):
    """Return the method of the older package that takes the same request, if there is one."""
    before = name.replace(".v2.", ".v2beta.")
    with suppress(Wrong, KeyError):
        wires.message_of(before, fields)
        return [before]
    return []


@pytest.mark.parametrize("org_id", ["", OTHER_ORG, ORG], ids=["none", "own", "other"])
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
async def test_owners_write_in_their_own_organisation_only(server, flow, org_id):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    await server.idp("i")
    log, turn, wrong = server.services.world.log, 0, []
    headers = server.headers(OWNER) | ({"x-zitadel-orgid": org_id} if org_id else {})

    async def say(method, user=ROOT, **fields):
        nonlocal turn
        name = f"zitadel.{method.replace('.', '.v2.', 1)}"
        before = await log.head(INSTANCE)
        for each in (name, name, *older(name, fields)):
            turn += 1
            await wires.called(server, turn, each, headers, fields)
        written = owned_elsewhere(await log.after(INSTANCE, before, 999))
        if written and not name.endswith("CreateSession"):  # anybody may prove who they are
            wrong.append((name, written))
        return await server.call(name, user, **fields)

    await flow(say, lambda name: name)
    assert wrong == []


async def test_a_key_used_in_one_organisation_answers_nothing_in_another(server):
    person = {
        "username": "gigi",
        "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
        "email": {"email": "gigi@example.com", "is_verified": True},
    }
    answers = []
    for turn, org_id in enumerate((ORG, ORG, OTHER_ORG)):
        headers = server.headers() | {"x-zitadel-orgid": org_id, "idempotency-key": "k"}
        method = "zitadel.user.v2.UserService/AddHumanUser"
        answers.append(await wires.called(server, turn, method, headers, person))
    first, again, other = answers
    assert first["userId"] == again["userId"]
    assert other["details"][0]["debug"]["id"] == "IDEMPOTENCY-KeyReused"
