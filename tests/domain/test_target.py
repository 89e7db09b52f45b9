"""Targets: where they may be, their keys; and what executions call."""

from dataclasses import replace

import pytest
from personae.actors.domain.execution import commands as x
from personae.actors.domain.execution import events as xe
from personae.actors.domain.execution import refusals as x_refusals
from personae.actors.domain.execution.facts import ExecutionFacts
from personae.actors.domain.target import commands as c
from personae.actors.domain.target import events as e
from personae.actors.domain.target import refusals
from personae.actors.domain.target.facts import TargetFacts, TargetKeyFacts
from personae.actors.domain.target.values import Type, is_endpoint
from personae.actors.domain.values import Sealed
from personae.store.codec import decode

from tests.domain.language import EARLIER, LATER, NOW, given, state_of

KEY = Sealed("1", "a2V5")
ADD = c.AddTarget(
    target_id="t", instance_id="1", name="Hook ", target_type=Type.CALL,
    endpoint="https://hook.test/x", timeout=10, interrupt_on_error=True,
)  # fmt: skip
FACTS = TargetFacts(now=NOW, signing_key=KEY)
PLAIN = TargetFacts(now=NOW)
ADDED = e.TargetAdded(
    name="Hook", target_type=Type.CALL, endpoint="https://hook.test/x", timeout=10,
    interrupt_on_error=True, signing_key=KEY,
)  # fmt: skip
PEM = TargetKeyFacts(now=NOW, public_key=b"pem", fingerprint="f")


def key_added(key_id="k", expires=None):
    return e.TargetKeyAdded(key_id=key_id, public_key=b"pem", fingerprint="f", expires=expires)


def keyed(order, key_id="k"):
    return order(target_id="t", key_id=key_id)


def test_a_target_is_added_once_with_a_sealed_key():
    given().when(ADD, FACTS).then(ADDED)
    given(ADDED).when(ADD, FACTS).refuses(refusals.ALREADY_EXISTS)
    given(ADDED, e.TargetRemoved()).when(ADD, FACTS).refuses(refusals.ALREADY_EXISTS)
    assert "a2V5" not in repr(state_of("target", ADDED))


def test_a_target_nobody_waits_for_interrupts_nothing():
    story = given().when(replace(ADD, target_type=Type.ASYNC), FACTS)
    assert story.decisions[0].interrupt_on_error is False
    given().when(replace(ADD, name=" "), FACTS).refuses(refusals.NAME_INVALID)
    given().when(replace(ADD, endpoint="ftp://x.test"), FACTS).refuses(refusals.ENDPOINT_REFUSED)


def test_only_what_differs_is_changed():
    same = c.ChangeTarget(target_id="t", name="Hook", timeout=10)
    given(ADDED).when(same, PLAIN).then_nothing()
    change = c.ChangeTarget(target_id="t", timeout=20, interrupt_on_error=False)
    event = e.TargetChanged(timeout=20, interrupt_on_error=False)
    given(ADDED).when(change, PLAIN).then(event)
    assert state_of("target", ADDED, event).timeout == 20
    new_key = c.ChangeTarget(target_id="t", new_key=True)
    given(ADDED).when(new_key, FACTS).then(e.TargetChanged(signing_key=KEY))
    moved = c.ChangeTarget(target_id="t", endpoint="http://127.0.0.1")
    given(ADDED).when(moved, PLAIN).refuses(refusals.ENDPOINT_REFUSED)


def test_a_removed_target_takes_no_orders():
    given(ADDED).when(c.RemoveTarget(target_id="t")).then(e.TargetRemoved())
    gone = (ADDED, e.TargetRemoved())
    for order, facts in (
        (c.RemoveTarget(target_id="t"), PLAIN),
        (c.ChangeTarget(target_id="t"), PLAIN),
        (c.AddTargetKey(target_id="t", key_id="k", public_key=b"pem"), PEM),
        (keyed(c.ActivateTargetKey), PLAIN),
    ):
        given(*gone).when(order, facts).refuses(refusals.NOT_FOUND)


def test_one_key_at_a_time_is_in_use():
    both = (ADDED, key_added("a"), key_added("b"))
    activate = keyed(c.ActivateTargetKey, "b")
    on, off = e.TargetKeyActivated(key_id="b"), e.TargetKeyDeactivated(key_id="b")
    given(*both).when(activate).then(on)
    given(*both, on).when(activate).then_nothing()
    given(*both, on).when(keyed(c.ActivateTargetKey, "a")).then(
        off, e.TargetKeyActivated(key_id="a")
    )
    given(*both, on).when(keyed(c.DeactivateTargetKey, "b")).then(off)
    given(*both, on, off).when(keyed(c.DeactivateTargetKey, "b")).then_nothing()
    assert state_of("target", *both, on, off).active_key == ""


def test_a_key_in_use_is_not_removed():
    on, remove = e.TargetKeyActivated(key_id="k"), keyed(c.RemoveTargetKey)
    removed = e.TargetKeyRemoved(key_id="k")
    given(ADDED, key_added(), on).when(remove).refuses(refusals.KEY_ACTIVE)
    given(ADDED, key_added()).when(remove).then(removed)
    given(ADDED, key_added(), removed).when(remove).refuses(refusals.KEY_NOT_FOUND)


def test_a_key_is_usable_and_not_expired():
    def add(expires=None):
        return c.AddTargetKey(target_id="t", key_id="k", public_key=b"pem", expires=expires)

    given(ADDED).when(add(LATER), PEM).then(key_added(expires=LATER))
    given(ADDED).when(add(EARLIER), PEM).refuses(refusals.KEY_EXPIRED)
    unusable = TargetKeyFacts(now=NOW, public_key=b"", fingerprint="")
    given(ADDED).when(add(), unusable).refuses(refusals.KEY_INVALID)
    expired = key_added(expires=EARLIER)
    given(ADDED, expired).when(keyed(c.ActivateTargetKey)).refuses(refusals.KEY_EXPIRED)


INTERNET = [
    "https://hook.test",
    "http://8.8.8.8/x",
    "https://[2606:4700::1]:8443/",
    "https://A.test.",
]
OWN = [
    "http://localhost",
    "http://a.localhost",
    "http://127.0.0.1",
    "http://10.0.0.1",
    "http://169.254.169.254/latest",
    "http://[::1]",
    "http://[fe80::1]",
    "http://[::ffff:127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://[2002:7f00:1::]",
    "http://224.0.0.1",
    "http://db.internal.",
]
NEVER = [
    "http://127.1",
    "http://0x7f.1",
    "http://2130706433",
    "http://0177.0.0.1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://user:pw@hook.test",
    "https://hook.test\\@x.test",
    "https://hook.test/ x",
    "https://[::1",
    "https://x:99999",
    "https://",
    "https://höst.test",
]


@pytest.mark.parametrize("url", INTERNET)
def test_the_internet_may_be_called(url):
    assert is_endpoint(url, private=False)


@pytest.mark.parametrize("url", OWN)
def test_one_s_own_network_only_when_the_operator_says_so(url):
    """ZA-20, ZA-40, ZA-50."""
    assert not is_endpoint(url, private=False)
    assert is_endpoint(url, private=True)


@pytest.mark.parametrize("url", NEVER)
def test_other_spellings_are_never_called(url):
    assert not is_endpoint(url, private=True)


def set_(*targets):
    return x.SetExecution(condition="request", instance_id="1", targets=targets)


def test_an_execution_is_set_kept_and_ended():
    facts = ExecutionFacts(now=NOW)
    event = xe.ExecutionSet(targets=(xe.Step(target="t", type=xe.TARGET),))
    given().when(set_("t"), facts).then(event)
    given(event).when(set_("t"), facts).then_nothing()
    given(event).when(set_(), facts).then(xe.ExecutionRemoved())
    given().when(set_(), facts).then_nothing()
    assert state_of("execution", event, xe.ExecutionRemoved()).steps == ()


def test_an_execution_calls_what_exists_once_each():
    facts = ExecutionFacts(now=NOW)
    unknown = ExecutionFacts(now=NOW, unknown=("t",))
    given().when(set_("t"), unknown).refuses(x_refusals.TARGET_UNKNOWN)
    given().when(set_("t", "t"), facts).refuses(x_refusals.TARGETS_INVALID)
    many = [str(number) for number in range(21)]
    given().when(set_(*many), facts).refuses(x_refusals.TARGETS_INVALID)


def test_the_first_histories_are_still_read():
    read = decode("execution.set", {"targets": ["t"], "includes": ["request"]})
    assert [(step.target, step.type) for step in read.targets] == [("t", 1), ("request", 2)]
