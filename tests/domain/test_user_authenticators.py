"""Security keys and passkeys."""

from dataclasses import replace

import pytest
from personae.actors.domain.user import code_events as codes
from personae.actors.domain.user import events, refusals
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user.factor_facts import (
    AssertionFacts,
    CredentialFacts,
    RegistrationFacts,
)

from tests.domain.language import MADE, NOW, given, state_of

ADDED = events.HumanAdded(user_name="gigi")
BEGUN = RegistrationFacts(now=NOW, challenge="abc")
MADE_KEY = CredentialFacts(now=NOW, key_id=b"k", public_key=b"p", sign_count=1, aaguid="a")
KINDS = [
    (True, e.PasskeyAdded, e.PasskeyVerified, e.PasskeyRemoved),
    (False, e.U2fAdded, e.U2fVerified, e.U2fRemoved),
]
kinds = pytest.mark.parametrize(("passkey", "added", "verified", "removed"), KINDS)
ANSWER = c.CheckAuthenticator(
    user_id="20", credential="{}", challenge="abc", rp_id="x.test", verify_user=True
)
RIGHT = AssertionFacts(now=NOW, token_id="1", right=True, sign_count=5, user_verified=True)


def register(passkey, **changes):
    return c.RegisterAuthenticator(
        user_id="20", token_id="1", passkey=passkey, rp_id="x.test", **changes
    )


def verify(passkey):
    return c.VerifyAuthenticator(
        user_id="20", token_id="1", passkey=passkey, credential="{}", name="Mine"
    )


@kinds
def test_an_authenticator_is_registered_in_two_steps(passkey, added, verified, removed):
    begun = added(token_id="1", challenge="abc", rp_id="x.test")
    given(ADDED).when(register(passkey), BEGUN).then(begun)
    done = verified(
        token_id="1", key_id=b"k", public_key=b"p", sign_count=1, aaguid="a", name="Mine"
    )
    given(ADDED, begun).when(verify(passkey), MADE_KEY).then(done)
    given(ADDED, begun, done).when(verify(passkey), MADE_KEY).refuses(refusals.FACTOR_EXISTS)


@kinds
def test_an_answer_that_proves_nothing_registers_nothing(passkey, added, verified, removed):
    begun = added(token_id="1", challenge="abc", rp_id="x.test")
    nothing = CredentialFacts(now=NOW)
    given(ADDED, begun).when(verify(passkey), nothing).refuses(refusals.CREDENTIAL_INVALID)
    unknown = given(ADDED).when(verify(passkey), MADE_KEY)
    unknown.refuses(refusals.AUTHENTICATOR_NOT_FOUND)


@kinds
def test_an_authenticator_is_removed(passkey, added, verified, removed):
    begun, gone = added(token_id="1"), removed(token_id="1")
    remove = c.RemoveAuthenticator(user_id="20", token_id="1", passkey=passkey)
    given(ADDED, begun).when(remove).then(gone)
    given(ADDED, begun, gone).when(remove).refuses(refusals.AUTHENTICATOR_NOT_FOUND)


def test_a_passkey_is_registered_with_a_code_once():
    code = codes.PasskeyCodeAdded(code_id="7", **MADE)
    order, begun = register(passkey=True, code_id="7", code="A"), replace(BEGUN, code_right=True)
    used = codes.PasskeyCodeCheckSucceeded(code_id="7")
    added = e.PasskeyAdded(token_id="1", challenge="abc", rp_id="x.test")
    given(ADDED, code).when(order, begun).then(used, added)
    given(ADDED, code, used).when(order, begun).refuses(refusals.CODE_INVALID)
    wrong = given(ADDED, code).when(order, replace(BEGUN, code_right=False))
    failed = codes.PasskeyCodeCheckFailed(code_id="7")
    wrong.refuses(refusals.CODE_INVALID, after=(failed,))


CHECKED = [
    (
        e.PasskeyVerified,
        e.PasskeyCheckSucceeded,
        e.PasskeySignCountChanged,
        e.PasskeyCheckFailed,
    ),
    (e.U2fVerified, e.U2fCheckSucceeded, e.U2fSignCountChanged, e.U2fCheckFailed),
]


@pytest.mark.parametrize(("verified", "succeeded", "counted", "failed"), CHECKED)
def test_an_answer_is_right_or_noted_as_wrong(verified, succeeded, counted, failed):
    known = given(ADDED, verified(token_id="1", key_id=b"k"))
    changed = counted(token_id="1", sign_count=5)
    known.when(ANSWER, RIGHT).then(succeeded(user_verified=True), changed)
    wrong = known.when(ANSWER, replace(RIGHT, right=False))
    wrong.refuses(refusals.CREDENTIAL_INVALID, after=(failed(),))


def test_an_answer_of_an_unknown_authenticator_is_refused():
    given(ADDED).when(ANSWER, RIGHT).refuses(refusals.CREDENTIAL_INVALID)
    locked = given(ADDED, e.U2fVerified(token_id="1"), events.UserLocked())
    locked.when(ANSWER, RIGHT).refuses(refusals.LOCKED)


def test_the_count_of_signatures_is_kept():
    counted = e.PasskeySignCountChanged(token_id="1", sign_count=9)
    state = state_of("user", ADDED, e.PasskeyVerified(token_id="1", sign_count=1), counted)
    assert state.human.passkeys["1"].sign_count == 9
    assert state.human.can_sign_in
