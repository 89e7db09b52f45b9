"""Whatever anybody asks of an aggregate, in whatever order: decided or refused, never broken."""

from collections import Counter

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from personae.actors.domain.kit import KINDS, Claim, On, Refusal, Release
from personae.store.codec import decode, encode

from tests.domain import language  # noqa: F401 — it loads the domain
from tests.domain.anything import lives

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = [
    "user",
    "org",
    "instance",
    "project",
    "session",
    "auth_request",
    "oidc_session",
    "usergrant",
    "web_key",
    "target",
    "execution",
    "feature",
    "device_auth",
    "session_logout",
    "saml_request",
    "saml_session",
    "key_pair",
    "idpintent",
]


def run(kind, asked):
    """Give orders one after the other; return the state, its events and the refusals."""
    state, events, refused = kind.initial, [], 0
    for command, facts in asked:
        try:
            decisions = kind.decide(state, command, facts)
        except Refusal:
            refused += 1
            continue
        own = [d for d in decisions if not isinstance(d, On | Claim | Release | Refusal)]
        for event in own:
            state = kind.evolve(state, event)
        events += own
    return state, events, refused


def test_every_kind_is_told_here():
    ours = {
        name
        for name, kind in KINDS.items()
        if type(kind.initial).__module__.startswith("personae.")  # other tests declare their own
    }
    assert set(NAMES) == ours


@pytest.mark.parametrize("name", NAMES)
def test_no_sequence_of_orders_breaks_an_aggregate(name):
    kind, seen = KINDS[name], Counter()

    @QUICK
    @given(lives(KINDS[name]), st.integers(0, 20))
    def story(asked, cut):
        state, events, refused = run(kind, asked)
        assert kind.fold(events) == state
        assert kind.fold(events[cut:], kind.fold(events[:cut])) == state
        seen.update(events=len(events), refused=refused)

    story()
    assert seen["events"], "nothing ever happened"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_decided_survives_being_stored(name):
    @QUICK
    @given(lives(KINDS[name]))
    def story(asked):
        for event in run(KINDS[name], asked)[1]:
            type_, payload = encode(event)
            assert decode(type_, orjson.loads(orjson.dumps(payload))) == event

    story()
