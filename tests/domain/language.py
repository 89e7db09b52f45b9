"""Given / when / then: a story about one aggregate, told in its own words."""

from datetime import UTC, datetime, timedelta

import pytest
from personae.actors import domain
from personae.actors.domain.codes import SealedCode
from personae.actors.domain.kit import KINDS, Facts, Refusal, address_of
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.oidc_session.facts import Lifetimes
from personae.actors.domain.policies import LockoutPolicy, PasswordComplexityPolicy
from personae.actors.domain.user.facts import HumanFacts, NamingFacts, PasswordFacts
from personae.actors.domain.user.values import Naming
from personae.actors.domain.values import Sealed

domain.load()

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EARLIER = NOW - timedelta(hours=1)
HOUR = nanoseconds(timedelta(hours=1))
FACTS = Facts(now=NOW)
CODE = SealedCode(Sealed("1", "c2VhbGVk"), HOUR)
MADE = {"code": CODE.code, "expiry": HOUR, "expires_at": LATER}
LIFETIMES = Lifetimes(access=HOUR, id_token=HOUR, refresh_idle=24 * HOUR, refresh=48 * HOUR)


def given(*events):
    """What has happened to the aggregate so far."""
    return _Given(events)


class _Given:
    def __init__(self, events):
        self._events = events

    def when(self, command, facts=FACTS):
        kind = KINDS[address_of(command).kind]
        try:
            return _Then(kind.decide(kind.fold(self._events), command, facts), None)
        except Refusal as refusal:
            return _Then([], refusal)


class _Then:
    def __init__(self, decisions, refusal):
        if decisions and isinstance(decisions[-1], Refusal):
            refusal = decisions.pop()
        self.decisions = decisions
        self.refusal = refusal

    def then(self, *expected):
        assert self.refusal is None, self.refusal
        assert tuple(self.decisions) == expected

    def then_nothing(self):
        self.then()

    def includes(self, *expected):
        assert self.refusal is None, self.refusal
        for decision in expected:
            assert decision in self.decisions

    def refuses(self, reason, *, after=()):
        """Refused for this reason; ``after``: what is committed all the same."""
        assert self.refusal is not None, f"not refused: {self.decisions}"
        assert self.refusal.reason is reason
        assert tuple(self.decisions) == after


def state_of(kind, *events):
    """Return the state after these events."""
    return KINDS[kind].fold(events)


def refuses(reason):
    """Expect a refusal from a plain function."""
    return pytest.raises(Refusal, match=f"^{reason.id}")


def naming(*, scoped=False, **changes):
    return NamingFacts(**{"now": NOW, "naming": Naming("10", scoped=scoped)} | changes)


def human_facts(**changes):
    usual = {
        "now": NOW,
        "naming": Naming("10"),
        "complexity": PasswordComplexityPolicy(min_length=8),
        "password_hash": "$hash$",
        "email_code": CODE,
        "phone_code": CODE,
    }
    return HumanFacts(**usual | changes)


def compared(*, right, most=5, rehash=""):
    return PasswordFacts(
        now=NOW, right=right, lockout=LockoutPolicy(max_password_attempts=most), rehash=rehash
    )
