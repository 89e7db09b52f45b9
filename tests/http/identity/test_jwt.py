import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe as other_jwe
from joserfc import jwk as other_jwk
from joserfc import jwt as other_jwt
from personae.actors.domain.kit import Code, Refusal
from personae.http.identity import base64url, jose
from personae.http.identity.jose import PrivateKey, PublicKey
from personae.http.identity.jwt import MAX_TOKEN, Signer, Verifier, unverified

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
CLAIMS = {"iss": "https://id.example", "aud": "app", "sub": "1", "iat": AT, "exp": AT + 600}
SIGNER = Signer("k1", "ES256", PrivateKey.generate("ES256"))
RSA = Signer("k2", "RS256", PrivateKey.generate("RS256").pem())
VERIFIER = Verifier([SIGNER.public, RSA.public])
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def verify(token, verifier=VERIFIER, **changes):
    expected = {"typ": ("jwt",), "issuer": "https://id.example", "audience": ("app",), "now": NOW}
    return verifier.verify(token, **(expected | changes))


def raw(payload, header=None, signer=SIGNER):
    """Sign bytes as they are, under any header."""
    header = {"alg": signer.key.algorithm, "kid": signer.public.id, "typ": "JWT", **(header or {})}
    message = base64url.encode(json.dumps(header).encode()) + b"." + base64url.encode(payload)
    return (message + b"." + base64url.encode(signer.key.sign(message))).decode()


def changed(**claims):
    left = {name: value for name, value in (CLAIMS | claims).items() if value is not ...}
    return raw(json.dumps(left).encode())


def refused(token, reason, **changes):
    with pytest.raises(Refusal) as caught:
        verify(token, **changes)
    assert caught.value.id == f"TOKEN-{reason}"
    assert caught.value.code is Code.UNAUTHENTICATED


@pytest.mark.parametrize("signer", [SIGNER, RSA])
def test_a_signed_token_verifies(signer):
    assert verify(signer.sign(CLAIMS, "JWT")) == CLAIMS


def test_another_library_reads_our_tokens():
    token = SIGNER.sign(CLAIMS, "at+jwt", {"cty": "x"})
    read = other_jwt.decode(token, other_jwk.import_key(dict(SIGNER.public.jwk)), ["ES256"])
    assert read.claims == CLAIMS
    assert read.header == {"cty": "x", "alg": "ES256", "kid": "k1", "typ": "at+jwt"}


def test_we_read_tokens_of_another_library():
    key = other_jwk.import_key(RSA.key.pem(), "RSA")
    header = {"alg": "RS256", "kid": "k2", "typ": "JWT"}
    assert verify(other_jwt.encode(header, CLAIMS, key, ["RS256"])) == CLAIMS


def test_headers_never_replace_algorithm_or_key_id():
    header = SIGNER.sign(CLAIMS, "JWT", {"alg": "none", "kid": "x"}).partition(".")[0]
    assert json.loads(base64url.decode(header.encode()))["alg"] == "ES256"
    assert json.loads(base64url.decode(header.encode()))["kid"] == "k1"


@pytest.mark.parametrize("encoding", ["PEM", "DER"])
def test_a_public_key_is_no_hmac_secret(encoding):
    """P-13, OA-34: the algorithm is that of the stored key."""
    public = jose._from_jwk(RSA.public.jwk)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = public.public_bytes(getattr(serialization.Encoding, encoding), form)
    header = b'{"alg":"HS256","kid":"k2","typ":"JWT"}'
    message = base64url.encode(header) + b"." + base64url.encode(json.dumps(CLAIMS).encode())
    signature = base64url.encode(hmac.digest(secret, message, "sha256"))
    refused((message + b"." + signature).decode(), "WrongSignature")


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "RS384", "PS256", "ES256", "", None, ["RS256"]]
)
def test_the_token_does_not_choose_the_algorithm(algorithm):
    """P-13."""
    payload = json.dumps(CLAIMS).encode()
    refused(raw(payload, {"alg": algorithm}, RSA), "WrongSignature")


def test_no_signature_is_a_wrong_signature():
    refused(SIGNER.sign(CLAIMS, "JWT").rpartition(".")[0] + ".", "WrongSignature")


@pytest.mark.parametrize("name", ["aud", "exp", "iat", "iss"])
@pytest.mark.parametrize("value", [..., None, ""])
def test_audience_times_and_issuer_are_required(name, value):
    """P-15."""
    refused(changed(**{name: value}), "WrongClaim")


@pytest.mark.parametrize("name", ["jti", "nonce"])
def test_more_claims_can_be_required(name):
    refused(changed(), "WrongClaim", required=(name,))
    assert verify(changed(**{name: "x"}), required=(name,))


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1900000000", True, [1], {}, -1, 10**12, 1e300])
def test_times_are_numbers_of_this_age(name, value):
    """P-15, P-17: neither text nor a number that no calendar holds."""
    refused(changed(**{name: value}), "WrongClaim")


@pytest.mark.parametrize("name", ["iss", "sub", "jti"])
def test_names_are_text(name):
    refused(changed(**{name: 1}), "WrongClaim")


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", "NaN", "1e999", "9" * 5000, str(2**63)])
def test_a_number_without_end_is_a_refusal(text):
    """P-17, P-43: never an OverflowError."""
    payload = json.dumps(CLAIMS).replace(str(AT + 600), text).encode()
    refused(raw(payload), "Malformed")


@pytest.mark.parametrize("ahead", [0, 10, 60])
def test_a_clock_a_little_ahead_passes(ahead):
    """FP-13."""
    assert verify(changed(iat=AT + ahead, nbf=AT + ahead))


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize("ahead", [61, 86400])
def test_a_token_of_the_future_is_refused(name, ahead):
    """P-15, FP-13."""
    refused(changed(**{name: AT + ahead, "exp": AT + 90_000}), "TooEarly")


def test_an_expired_token_is_refused():
    """ZA-24: by the second, after the leeway."""
    assert verify(changed(exp=AT - 59))
    refused(changed(exp=AT - 60), "Expired")
    refused(changed(exp=AT), "Expired", leeway=timedelta(0))
    assert verify(changed(exp=AT - 86400, iat=AT - 90_000), expired=True)


def test_a_token_may_not_live_longer_than_allowed():
    """P-15, OP-18."""
    hour = timedelta(hours=1)
    assert verify(changed(exp=AT + 3600), max_age=hour)
    refused(changed(exp=AT + 3601), "TooLongLived", max_age=hour)


@pytest.mark.parametrize(
    "issuer", ["https://id.example/", "https://id.exampl", "HTTPS://id.example"]
)
def test_the_issuer_is_compared_exactly(issuer):
    """OA-36."""
    refused(changed(iss=issuer), "WrongIssuer")


@pytest.mark.parametrize("audience", ["ap", "apps", ["other"], [], "APP"])
def test_a_token_for_others_is_refused(audience):
    refused(changed(aud=audience), "WrongAudience")


@pytest.mark.parametrize("audience", [7, [7], ["app", None], {"app": 1}])
def test_an_audience_is_text(audience):
    refused(changed(aud=audience), "WrongClaim")


def test_a_sole_audience_stands_alone():
    """OP-18."""
    assert verify(changed(aud=["app", "other"]))
    refused(changed(aud=["app", "other"]), "WrongAudience", sole_audience=True)
    assert verify(changed(aud=["app"]), sole_audience=True)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["b64"], "b64": False},
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"jwk": dict(SIGNER.public.jwk)},
        {"jku": "https://evil.example"},
        {"x5u": "https://evil.example"},
        {"x5c": ["MII"]},
        {"enc": "A256GCM"},
        {"zip": "DEF"},
    ],
)
def test_headers_that_bring_keys_or_extensions_are_refused(header):
    """P-16, AV-41, OA-36."""
    refused(raw(json.dumps(CLAIMS).encode(), header), "Malformed")


@pytest.mark.parametrize("typ", ["at+jwt", "", None, 1, ["JWT"]])
def test_a_token_of_another_type_is_refused(typ):
    """P-16."""
    refused(raw(json.dumps(CLAIMS).encode(), {"typ": typ}), "WrongType")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt"])
def test_a_type_has_several_spellings(typ):
    """RFC 7515 section 4.1.9."""
    assert verify(raw(json.dumps(CLAIMS).encode(), {"typ": typ}))


@pytest.mark.parametrize("signer", [SIGNER, RSA])
def test_a_signature_has_one_spelling(signer):
    """P-18: other last characters decode to the same bytes; so do trailing marks elsewhere."""
    token = signer.sign(CLAIMS, "JWT")
    others = [token[:-1] + chr(letter) for letter in LETTERS if chr(letter) != token[-1]]
    others += [token + tail for tail in ("!!**", "=", "==", "\n", " ", "A")]
    others += [
        f" {token}",
        token.replace(".", ".\n", 1),
        token.replace("-", "+").replace("_", "/") + "==",
    ]
    for other in others:
        with pytest.raises(Refusal, match=r"TOKEN-(Malformed|WrongSignature)"):
            verify(other)


@pytest.mark.parametrize("doubled", ['"sub":"2"', '"aud":"app"', '"s\\u0075b":"2"'])
def test_a_claim_twice_is_refused(doubled):
    """P-19."""
    payload = json.dumps(CLAIMS)[:-1] + "," + doubled + "}"
    refused(raw(payload.encode()), "Malformed")


def test_a_header_twice_is_refused():
    """P-19."""
    message = base64url.encode(b'{"alg":"none","alg":"ES256","kid":"k1","typ":"JWT"}')
    message += b"." + base64url.encode(json.dumps(CLAIMS).encode())
    token = message + b"." + base64url.encode(SIGNER.key.sign(message))
    refused(token.decode(), "Malformed")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"sub":"\\ud800"}',
        b'{"sub":"a\\u0000b"}',
        b'{"a":' * 1100 + b"1" + b"}" * 1100,
        b"[" * 5000,
    ],
)
def test_what_is_no_plain_json_object_is_refused(payload):
    """P-17, P-43."""
    refused(raw(payload), "Malformed")
    refused(base64url.encode(payload).decode() + ".e30.AAAA", "Malformed")


def test_a_backslash_before_u0000_is_text():
    assert verify(changed(path="C:\\u0000"))["path"] == "C:\\u0000"


@pytest.mark.filterwarnings("ignore")
def test_encrypted_tokens_are_refused():
    """P-22, OA-35: neither a bomb nor an oracle, nothing is decrypted."""
    key = other_jwk.import_key(RSA.key.pem(), "RSA")
    bomb = other_jwe.encrypt_compact(
        {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF", "kid": "k2"}, b"\0" * 200_000, key
    )
    refused(bomb, "Malformed")


def test_a_long_token_is_not_read():
    refused(SIGNER.sign(CLAIMS | {"x": "y" * MAX_TOKEN}, "JWT"), "Malformed")


def test_an_unknown_key_is_refused():
    """OA-34: no key, no fallback to others."""
    payload = json.dumps(CLAIMS).encode()
    for key_id in ("k3", "", None, 1, ["k1"]):
        refused(raw(payload, {"kid": key_id}), "UnknownKey")
    refused(raw(payload), "UnknownKey", verifier=Verifier([]))


def test_one_key_needs_no_name():
    message = base64url.encode(b'{"alg":"ES256","typ":"JWT"}') + b"."
    message += base64url.encode(json.dumps(CLAIMS).encode())
    token = (message + b"." + base64url.encode(SIGNER.key.sign(message))).decode()
    assert verify(token, verifier=Verifier([SIGNER.public])) == CLAIMS
    refused(token, "UnknownKey")


def test_keys_are_built_once(monkeypatch):
    """P-21: neither signing nor verifying parses a key."""

    def parsed(*_, **__):
        raise AssertionError("a key was parsed")

    monkeypatch.setattr(jose.jwk, "construct", parsed)
    monkeypatch.setattr(jose.serialization, "load_pem_private_key", parsed)
    monkeypatch.setattr(jose.serialization, "load_pem_public_key", parsed)
    assert verify(RSA.sign(CLAIMS, "JWT")) == CLAIMS


def test_a_token_can_be_asked_whose_it_claims_to_be():
    read = unverified(SIGNER.sign(CLAIMS, "JWT")[:-4] + "AAAA")
    assert (read.key_id, read.issuer, read.subject) == ("k1", "https://id.example", "1")
    for token in ("", "a.b.c", raw(b'{"iss":1}'), raw(b'{"sub":[]}')):
        with pytest.raises(Refusal, match="TOKEN-Malformed"):
            unverified(token)


@given(st.text(max_size=200) | st.binary(max_size=200).map(raw))
def test_no_text_raises_anything_but_a_refusal(text):
    with pytest.raises(Refusal, match="TOKEN-"):
        verify(text)


@given(st.dictionaries(st.text(), st.none() | st.floats() | st.integers() | st.text()))
def test_no_header_raises_anything_but_a_refusal(header):
    with suppress(Refusal):
        verify(raw(json.dumps(CLAIMS).encode(), header))


def test_a_shared_secret_verifies_tokens_of_its_owner():
    key = other_jwk.import_key({"kty": "oct", "k": base64url.encode(b"s" * 32).decode()})
    token = other_jwt.encode({"alg": "HS256", "typ": "JWT"}, CLAIMS, key, ["HS256"])
    assert verify(token, verifier=Verifier([PublicKey.from_secret("", b"s" * 32)])) == CLAIMS
