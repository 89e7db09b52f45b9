import string
from datetime import timedelta

import pytest
from personae.store.generated import (
    GENERATORS,
    Generator,
    fast_hash,
    fast_verify,
    generate,
    is_fast,
)

SECRET = "k" * 43


def test_each_kind_of_secret_has_its_length_and_characters():
    code, client = GENERATORS["invite_code"], GENERATORS["app_secret"]
    assert len(code.make()) == 6
    assert set(code.alphabet) == set(string.ascii_uppercase + string.digits)
    assert code.expiry == timedelta(hours=72)
    assert len(client.make()) == 64
    assert client.expiry is None
    assert set(GENERATORS["otp_sms"].make()) <= set(string.digits)


def test_a_generator_uses_every_character_it_may():
    everything = Generator(length=200, lower=True, upper=True, symbols=True)
    seen = set("".join(everything.make() for _ in range(100)))
    assert seen == set(everything.alphabet)
    assert len(everything.alphabet) == len(set(everything.alphabet)) == 78


@pytest.mark.parametrize(("length", "alphabet"), [(0, "ab"), (257, "ab"), (8, "")])
def test_a_secret_without_length_or_characters_is_an_error(length, alphabet):
    with pytest.raises(ValueError, match="1 to 256"):
        generate(length, alphabet)


def test_a_fast_hash_verifies_its_secret_only():
    encoded = fast_hash(SECRET)
    assert fast_verify(encoded, SECRET)
    assert not fast_verify(encoded, SECRET[:-1] + "l")
    assert not fast_verify(encoded, "")
    assert is_fast(encoded)
    assert SECRET not in encoded


def test_a_fast_hash_is_salted_sha256():
    known = "$sha256$AAAAAAAAAAAAAAAAAAAAAA$tqcggBN1p5mDI4BTcvqXS14bnDAJdvtj/xOSQq3zr2E"
    assert fast_hash(SECRET) != fast_hash(SECRET)
    assert fast_hash(SECRET, bytes(16)) == known


def test_what_can_be_guessed_gets_no_fast_hash():
    with pytest.raises(ValueError, match="too short"):
        fast_hash("k" * 31)


@pytest.mark.parametrize("encoded", ["", "$sha256$a$b", "$2b$05$" + "C" * 53, "$sha256$$"])
def test_another_hash_never_verifies_fast(encoded):
    assert not is_fast(encoded)
    assert not fast_verify(encoded, SECRET)
