import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from joserfc import jwk as other_jwk
from joserfc import jws as other_jws
from personae.actors.domain.kit import Refusal
from personae.http.identity import jose
from personae.http.identity.jose import ALGORITHMS, PrivateKey, PublicKey, jwks, thumbprint

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by RFC 9864
KEYS = {algorithm: PrivateKey.generate(algorithm) for algorithm in ALGORITHMS}
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def spki(key, encoding=serialization.Encoding.PEM):
    return key.public_key().public_bytes(encoding, SPKI)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_library_verifies_what_we_sign(algorithm):
    """P-20: every algorithm, EdDSA and PS256 among them."""
    signing, public = KEYS[algorithm], KEYS[algorithm].public()
    registry = other_jws.JWSRegistry(algorithms=[algorithm])
    header = json.dumps({"alg": algorithm}).encode()
    message = jose.base64url.encode(header) + b"." + jose.base64url.encode(b"hello")
    text = message + b"." + jose.base64url.encode(signing.sign(message))
    key = other_jwk.import_key(dict(public.jwk))
    assert other_jws.deserialize_compact(text, key, registry=registry).payload == b"hello"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_we_verify_what_another_library_signs(algorithm):
    private, public = KEYS[algorithm], KEYS[algorithm].public()
    registry = other_jws.JWSRegistry(algorithms=[algorithm])
    key = other_jwk.import_key(
        private.pem(), {"OKP": "OKP", "EC": "EC"}.get(public.jwk["kty"], "RSA")
    )
    text = other_jws.serialize_compact({"alg": algorithm}, b"hello", key, registry=registry)
    message, _, signature = text.encode().rpartition(b".")
    assert public.verify(message, jose.base64url.decode(signature))
    assert not public.verify(message + b"x", jose.base64url.decode(signature))
    assert not public.verify(message, b"")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_survives_pem_and_jwk(algorithm):
    private = PrivateKey.from_pem(algorithm, KEYS[algorithm].pem())
    public = private.public("k1")
    signature = private.sign(b"hello")
    assert PublicKey.from_jwk(public.jwk).verify(b"hello", signature)
    assert PublicKey.from_pem("k1", jose.public_pem(public), algorithm).verify(b"hello", signature)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_id_of_a_key_is_its_thumbprint(algorithm):
    """RFC 7638, computed by another library."""
    public = KEYS[algorithm].public()
    assert public.id == other_jwk.import_key(dict(public.jwk)).thumbprint()


def test_the_thumbprint_of_rfc_7638():
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
        "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW"
        "2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ"
        "Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    described = {"kty": "RSA", "e": "AQAB", "n": n, "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(described) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_key_set_shows_no_private_member():
    shown = jwks(key.public() for key in KEYS.values())
    assert {key["alg"] for key in shown["keys"]} == set(ALGORITHMS)
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in shown["keys"])
    assert jwks([PublicKey.from_secret("s", b"s" * 32)]) == {"keys": []}


@pytest.mark.parametrize("bits", jose.RSA_BITS[1:])
def test_larger_rsa_keys_are_made(bits):
    key = PrivateKey.generate("RS512", bits)
    assert key.public().verify(b"m", key.sign(b"m"))
    assert len(key.sign(b"m")) * 8 == bits


@pytest.mark.parametrize(("algorithm", "bits"), [("RS256", 1024), ("HS256", 2048), ("none", 2048)])
def test_no_other_keys_are_made(algorithm, bits):
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PrivateKey.generate(algorithm, bits)


def test_short_rsa_keys_are_refused():
    """P-19, FP-13."""
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(Refusal, match="KEY-Weak"):
        PublicKey.from_pem("k", spki(short))
    with pytest.raises(Refusal, match="KEY-Weak"):
        PrivateKey.of("RS256", short)
    numbers = short.public_key().public_numbers()
    n = jose.base64url.encode(numbers.n.to_bytes(128, "big")).decode()
    with pytest.raises(Refusal, match="KEY-Weak"):
        PublicKey.from_jwk({"kty": "RSA", "n": n, "e": "AQAB"})


def test_a_public_key_is_never_a_shared_secret():
    """P-13, OA-34: neither PEM nor OpenSSH text nor DER, which python-jose takes."""
    key = rsa.generate_private_key(65537, 2048)
    ssh = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    for text in (spki(key), spki(key, serialization.Encoding.DER), ssh):
        with pytest.raises(Refusal, match="KEY-Invalid"):
            PublicKey.from_secret("k", text)
    assert PublicKey.from_pem("k", spki(key)).algorithm == "RS256"


@pytest.mark.parametrize(
    ("secret", "algorithm"), [(b"", "HS256"), (b"s" * 31, "HS256"), (b"s" * 63, "HS512")]
)
def test_short_secrets_are_refused(secret, algorithm):
    """P-14, OA-35: an empty secret above all."""
    with pytest.raises(Refusal, match="KEY-Weak"):
        PublicKey.from_secret("k", secret, algorithm)


def test_a_secret_verifies_by_its_hash_only():
    key = other_jwk.import_key(b"s" * 32, "oct")
    text = other_jws.serialize_compact({"alg": "HS256"}, b"hello", key, algorithms=["HS256"])
    message, _, signature = text.encode().rpartition(b".")
    assert PublicKey.from_secret("k", b"s" * 32).verify(message, jose.base64url.decode(signature))
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PublicKey.from_secret("k", b"s" * 32, "RS256")


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        ("RS256", "ES256"),
        ("ES256", "ES384"),
        ("EdDSA", "RS256"),
        ("ES256", "HS256"),
        ("RS256", "none"),
    ],
)
def test_a_key_takes_no_algorithm_of_another_type(made, wanted):
    """P-13: the stored key decides."""
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PrivateKey.from_pem(wanted, KEYS[made].pem())
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PublicKey.from_jwk(KEYS[made].public().jwk, wanted)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\n",
        spki(ec.generate_private_key(ec.SECP256K1())),
        spki(x25519.X25519PrivateKey.generate()),
        KEYS["ES256"].pem(),
        spki(ed25519.Ed25519PrivateKey.generate()) + b" " * 17_000,
        "\u00e9",
    ],
)
def test_what_is_no_public_key_of_ours_is_refused(pem):
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PublicKey.from_pem("k", pem)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct"},
        {"kty": None},
        {"crv": "P-521"},
        {"x": ""},
        {"x": 7},
        {"y": "AAAA"},
        {"use": "enc"},
        {"alg": "none"},
        {"alg": ["ES256"]},
        {"kid": 1},
        {"kty": "OKP", "crv": "Ed25519"},
    ],
)
def test_a_damaged_jwk_is_refused(change):
    with pytest.raises(Refusal, match="KEY-Invalid"):
        PublicKey.from_jwk({**KEYS["ES256"].public().jwk, **change})


def test_a_key_says_nothing_of_itself_when_printed():
    assert "object" not in repr(KEYS["EdDSA"])
    assert repr(KEYS["EdDSA"]) == "PrivateKey(algorithm='EdDSA')"


def test_python_jose_without_cryptography_stops_the_start():
    """P-22: its pure Python backends leak time (CVE-2024-23342)."""
    program = (
        "import jose.backends as b; b.ECKey = type('ECKey', (), {'__module__': 'ecdsa_backend'})\n"
        "import personae.http.identity.jose"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "install python-jose[cryptography]" in run.stderr
