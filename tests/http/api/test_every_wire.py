"""Whole flows on one wire after the other: the same answers, the same refusals, call by call."""

import re

import pytest

from tests.http.api import system
from tests.http.api.conftest import ROOT
from tests.http.api.flows import FLOWS, OPS
from tests.http.api.wires import WIRES

SECRET = re.compile(
    r"(?i)code$|codes$|token$|secret$|uri$|key$|content$|fingerprint$|sequence$|total"
)

STABLE = re.compile(r"[A-Z]+(_[A-Z0-9]+)+|[a-z_]+")
"""Enums, and the names of Connect's codes."""


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
async def test_every_wire_tells_the_same(server, flow):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    await server.idp("i")
    told = [await transcript(server, flow, number) for number in range(len(WIRES))]
    for other in told[1:]:
        assert other == told[0]


async def transcript(server, flow, number):
    """Return what every call of a flow said on one wire, without what is new each time."""
    lines, call = [], list(WIRES.values())[number]

    async def say(method, user=ROOT, **fields):
        name = f"zitadel.{method.replace('.', '.v2.', 1)}"
        got = await call(server, name, server.headers(user), fields)
        lines.append((name, masked(got)))
        return got

    await flow(say, lambda name: f"{name}{number}")
    return lines


def masked(answer, name=""):
    if isinstance(answer, dict):
        shown = answer.keys() - {"value", "type"}
        return {key: masked(value, key) for key, value in answer.items() if key in shown}
    if isinstance(answer, list):
        return [masked(one, name) for one in answer]
    fresh = isinstance(answer, str) and (re.search(r"\d", answer) or SECRET.search(name))
    return "…" if fresh and not STABLE.fullmatch(answer) else answer
