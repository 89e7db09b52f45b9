import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from personae.actors.domain.kit import Refusal
from personae.store.passwords import MAX_BYTES, Cost, Passwords, Verdict, check_import

CHEAP = Passwords(Cost(memory_kib=64, passes=1))

# Made by other implementations: the formats' own specifications and test suites, openssl passwd,
# perl crypt (libxcrypt), OpenSSL kdf, argon2's reference command.
VECTORS = {
    "argon2i": (
        "password",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
    ),
    "argon2id": (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ),
    "bcrypt 2a": ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "bcrypt 2b": ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "bcrypt 2y": ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "scrypt": (
        "password",
        "$scrypt$ln=10,r=8,p=2$TmFDbE5hQ2w$PsoMB4+9tYZCW99sQ9LD9gF5YOVH5CZAuB67Dh+al5U",
    ),
    "pbkdf2": ("password", "$pbkdf2$4096$c2FsdHNhbHQ$uvmnsELc3OLJFBij7GP4qigZ.OI"),
    "pbkdf2-sha256": (
        "password",
        "$pbkdf2-sha256$4096$c2FsdHNhbHQ$ZiMD/VuDIBLM8rT9ZlFkcm8vO44PH2jtvpsH6s4pwvU",
    ),
    "pbkdf2-sha512": (
        "password",
        "$pbkdf2-sha512$4096$c2FsdHNhbHQ$.jFwLMaeV.kL3szx.l9YdOLrV2t84gWe5GgqJ.YecOyUONz6rEYB/NvpMH9TLAm.OYnAe6QLnCgBhwzXFLsEEw",
    ),
    "sha256-crypt": ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
    "sha512-crypt": (
        "Hello world!",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ),
    "md5-crypt": ("password", "$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1"),
    "phpass": ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    "phpass of phpBB": ("test1", "$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00"),
    "plain md5": ("password", "5f4dcc3b5aa765d61d8327deb882cf99"),
    "md5 salted": ("Test1000!", "$md5salted-suffix$c2FsdA==$R58+SD/95ORa9VZ9BPS5FA=="),
    "md5 salted before": ("Test1000!", "$md5salted-prefix$c2FsdA==$0M2MYNUmNumHqqQ+kmuTUQ=="),
}


@pytest.mark.parametrize("name", VECTORS)
def test_hashes_of_other_implementations_verify(name):
    """AV-01, USER-03: each format logs in, and only with its password."""
    password, encoded = VECTORS[name]
    check_import(encoded)
    assert CHEAP.verify(encoded, password) == Verdict(ok=True, needs_rehash=True)
    assert CHEAP.verify(encoded, password + "x") == Verdict(ok=False)


def test_a_fresh_hash_verifies_and_is_kept():
    encoded = Passwords().hash("correct horse")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Passwords().verify(encoded, "correct horse") == Verdict(ok=True)
    assert Passwords().verify(encoded, "Correct horse") == Verdict(ok=False)


def test_a_hash_of_other_parameters_is_made_anew():
    encoded = CHEAP.hash("correct horse")
    assert CHEAP.verify(encoded, "correct horse") == Verdict(ok=True, needs_rehash=False)
    assert Passwords().verify(encoded, "correct horse") == Verdict(ok=True, needs_rehash=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Pa ", "Pa"),
        ("pa", "PA"),
        ("x" * 72 + "a", "x" * 72 + "b"),
        ("a\0b", "a\0c"),
        ("a\0", "a"),
        ("\ufb01sh", "fish"),
    ],
)
def test_every_character_of_a_password_matters(one, other):
    """AV-05: nothing is trimmed, folded or cut; the 73rd byte and a NUL count."""
    assert not CHEAP.verify(CHEAP.hash(one), other).ok
    assert CHEAP.verify(CHEAP.hash(one), one).ok


def test_composed_and_decomposed_letters_are_one_password():
    """NI-02."""
    assert CHEAP.verify(CHEAP.hash("caf\u00e9"), "cafe\u0301").ok
    assert CHEAP.verify(CHEAP.hash("cafe\u0301"), "caf\u00e9").ok


def test_an_imported_hash_of_a_decomposed_password_verifies():
    encoded = hashlib.md5("cafe\u0301".encode()).hexdigest()
    assert CHEAP.verify(encoded, "cafe\u0301").ok


def test_length_is_checked_before_hashing():
    """P-46, AV-01: 200 characters of four bytes pass, a megabyte is refused without hashing."""
    assert CHEAP.verify(CHEAP.hash("\U0001f511" * 200), "\U0001f511" * 200).ok
    with pytest.raises(Refusal, match="PASSWORD-TooLong"):
        CHEAP.hash("x" * (MAX_BYTES + 1))
    assert CHEAP.verify(hashlib.md5(b"x" * 1001).hexdigest(), "x" * 1001) == Verdict(ok=False)


def test_bcrypt_reads_72_bytes_and_never_raises():
    """P-46: the format's own limit, as the systems that made the hash had it."""
    encoded = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
    key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert CHEAP.verify(encoded, key + "chars after 72 are ignored").ok
    assert not CHEAP.verify(encoded, key[:-1]).ok


def test_a_nul_never_matches_a_format_that_ends_at_it():
    """P-46: bcrypt repeats key and NUL, so that "U*U" and "U*U NUL U*U" would be equal."""
    for name in ("bcrypt 2a", "md5-crypt", "sha512-crypt"):
        password, encoded = VECTORS[name]
        assert CHEAP.verify(encoded, f"{password}\0{password}") == Verdict(ok=False)


@pytest.mark.parametrize(
    "encoded",
    [
        "$argon2id$v=19$m=2097152,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=4000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$v=19$m=65536,t=1,p=255$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$scrypt$ln=63,r=8,p=1$TmFDbE5hQ2w$PsoMB4+9tYZCW99sQ9LD9gF5YOVH5CZAuB67Dh+al5U",
        "$scrypt$ln=17,r=8,p=999$TmFDbE5hQ2w$PsoMB4+9tYZCW99sQ9LD9gF5YOVH5CZAuB67Dh+al5U",
        "$pbkdf2-sha256$4000000000$c2FsdHNhbHQ$ZiMD/VuDIBLM8rT9ZlFkcm8vO44PH2jtvpsH6s4pwvU",
        "$6$rounds=999999999$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        "$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
    ],
)
def test_an_imported_hash_of_absurd_cost_is_refused(encoded):
    """An import must not buy a denial of service at the next login."""
    with pytest.raises(Refusal, match="PASSWORD-CostlyHash"):
        check_import(encoded)
    assert CHEAP.verify(encoded, "password") == Verdict(ok=False)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "password",
        "$",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$sha256$c2FsdA$c2FsdA",
        "$argon2id$v=19$m=65536",
        "$1$",
        "$5$",
        "$P$9",
        "$pbkdf2-sha256$0$c2FsdA$c2FsdA",
        "$md5salted-middle$a$b",
        "$1$" + "x" * 1000,
        "5f4dcc3b5aa765d61d8327deb882cf9\u0669",
    ],
)
def test_an_unknown_format_is_refused_and_never_right(encoded):
    with pytest.raises(Refusal, match="PASSWORD-UnknownHash"):
        check_import(encoded)
    assert CHEAP.verify(encoded, "password") == Verdict(ok=False)


PREFIXES = [encoded[:n] for _, encoded in VECTORS.values() for n in (3, 8, 20, len(encoded) - 1)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PREFIXES), st.text(max_size=30), st.text(max_size=20))
def test_no_damaged_hash_and_no_password_raises(prefix, rest, password):
    assert CHEAP.verify(prefix + rest, password).ok in {True, False}


def test_an_unknown_user_costs_as_much_as_a_known_one(monkeypatch):
    """The same parameters reach argon2, and the answer is never yes."""
    passwords, seen = Passwords(Cost(memory_kib=64, passes=3)), []
    real = Passwords.verify
    monkeypatch.setattr(
        Passwords, "verify", lambda *args: seen.append((args[1], real(*args))) or seen[-1][1]
    )
    passwords.verify_nobody("password")
    (encoded, verdict), fresh = seen[0], passwords.hash("password")
    assert encoded.split("$")[:4] == fresh.split("$")[:4]
    assert len(encoded) == len(fresh)
    assert verdict == Verdict(ok=False)
