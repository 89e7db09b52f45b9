from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personae.actors.domain.auth_request.events import CodeChallenge
from personae.actors.domain.auth_request.pkce import UNRESERVED, matches

ALPHABET = "ABCXYZabcxyz0189-._~"
VERIFIERS = st.text(ALPHABET, min_size=43, max_size=128)


def challenge_of(verifier):
    digest = sha256(verifier.encode()).digest()
    return CodeChallenge(urlsafe_b64encode(digest).decode().rstrip("="))


@given(VERIFIERS)
def test_a_verifier_answers_its_own_challenge(verifier):
    assert matches(challenge_of(verifier), verifier)


@given(VERIFIERS, VERIFIERS)
def test_a_verifier_answers_no_other_challenge(one, other):
    assert matches(challenge_of(one), other) is (one == other)


@given(VERIFIERS)
def test_plain_is_never_enough(verifier):
    """OP-06: a challenge that is the verifier itself, whatever its method says."""
    assert not matches(CodeChallenge(verifier), verifier)
    assert not matches(CodeChallenge(verifier, method=0), verifier)


@given(st.text())
def test_a_verifier_without_a_challenge_fails(verifier):
    assert matches(None, verifier) is (verifier == "")


@given(st.text())
def test_what_is_no_verifier_answers_nothing(text):
    if not UNRESERVED.fullmatch(text):
        assert not matches(CodeChallenge(text), text)
        assert not matches(challenge_of("a" * 43), text)


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 43 + "\n", "a" * 42 + "é"])
def test_a_verifier_has_43_to_128_unreserved_characters(verifier):
    """RFC 7636, 4.1."""
    assert not matches(challenge_of(verifier), verifier)
