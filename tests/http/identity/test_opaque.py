import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personae.actors.domain.kit import Code, Refusal
from personae.http.identity import base64url
from personae.http.identity.opaque import MAX_TOKEN, OpaqueTokens, TokenKind
from personae.store.crypto import Area, Keyring

KEYRING = Keyring({1: b"k" * 32})
TOKENS = OpaqueTokens(KEYRING)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def accepted(token, kind=TokenKind.ACCESS, instance="i1"):
    try:
        return TOKENS.open(kind, instance, token)
    except Refusal as refusal:
        if (refusal.id, refusal.code, refusal.params) != (
            "TOKEN-Invalid",
            Code.UNAUTHENTICATED,
            {},
        ):
            raise
        return None


def lenient(text):
    try:
        return base64url.decode(text)
    except ValueError:
        return None


def mutations(token, dice):
    """A thousand other texts: cut, flipped, padded, trailing bits, other alphabet."""
    yield from (token[:length] for length in range(len(token)))
    yield from (token[start:] for start in range(1, len(token)))
    yield from (token[:-1] + letter for letter in LETTERS)
    yield from (
        token + tail for tail in ("=", "==", "A", "AA", "AAAA", "\n", " ", "\0", ".", "\u00e9")
    )
    yield from (token[:at] + "=" + token[at:] for at in range(len(token)))
    yield token.replace("-", "+").replace("_", "/") + "+/"
    while True:
        at = dice.randrange(len(token))
        yield token[:at] + dice.choice(LETTERS) + token[at + 1 :]


@pytest.mark.parametrize("kind", TokenKind)
def test_of_a_thousand_altered_tokens_none_is_accepted(kind):
    """ZA-39, ZA-60: each kind; one refusal for all."""
    token = TOKENS.issue(kind, "i1", "V2_1234567890-at_987654321", "1122334455")
    source, tried = mutations(token, random.Random(kind)), set()
    while len(tried) < 1000:
        if (altered := next(source)) != token:
            tried.add(altered)
    assert [altered for altered in tried if accepted(altered, kind) is not None] == []
    assert accepted(token, kind) == ("V2_1234567890-at_987654321", "1122334455")


def test_no_flipped_bit_is_accepted():
    """ZA-60."""
    sealed = base64url.decode(TOKENS.issue(TokenKind.ACCESS, "i1", "t", "u").encode())
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        assert accepted(base64url.encode(bytes(altered)).decode()) is None


@pytest.mark.parametrize("kind", TokenKind)
def test_a_token_is_good_for_one_purpose(kind):
    token = TOKENS.issue(kind, "i1", "1")
    assert [other for other in TokenKind if accepted(token, other) == ("1",)] == [kind]
    assert TOKENS.read("i1", token) == (kind, ("1",))


def test_a_token_is_good_in_its_instance_only():
    assert accepted(TOKENS.issue(TokenKind.ACCESS, "i1", "1"), instance="i2") is None


def test_a_token_of_a_kind_not_known_yet_is_invalid():
    sealed = KEYRING.seal_bytes(Area.TOKEN, b"?\n1", "i1")
    assert accepted(base64url.encode(sealed).decode()) is None


def test_what_was_sealed_for_another_purpose_is_no_token():
    sealed = KEYRING.seal_bytes(Area.COOKIE, b"a\n1", "i1")
    assert accepted(base64url.encode(sealed).decode()) is None


def test_a_token_tells_nothing_and_no_two_are_equal():
    one, other = (TOKENS.issue(TokenKind.ACCESS, "i1", "visible") for _ in range(2))
    assert one != other
    assert b"visible" not in base64url.decode(one.encode())


def test_ids_cannot_be_smuggled_into_a_token():
    with pytest.raises(ValueError, match="line break"):
        TOKENS.issue(TokenKind.ACCESS, "i1", "1\n2")


def test_a_long_token_is_not_read():
    assert accepted(TOKENS.issue(TokenKind.ACCESS, "i1", "x" * MAX_TOKEN)) is None


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=40), max_size=5
    )
)
def test_every_list_of_ids_comes_back(ids):
    assert accepted(TOKENS.issue(TokenKind.ACCESS, "i1", *ids)) == tuple(ids)


@given(st.text())
def test_no_text_raises_anything_but_the_refusal(text):
    assert accepted(text) is None


@given(st.binary())
def test_bytes_have_one_spelling(data):
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    others = {text[:-1] + bytes([letter]) for letter in LETTERS.encode()} - {text}
    assert data not in [decoded for other in others if (decoded := lenient(other)) is not None]
