"""Proofs of possession as another library makes them (RFC 9449)."""

import base64
import hashlib
import secrets

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.http.oidc.assertions import seconds


def new_key():
    return ECKey.generate_key("P-256")


def proof(stack, key, path, *, method="POST", token="", header=None, algorithm="ES256", **changes):
    """Prove a key for a request; a claim or header member given as ``None`` is left out."""
    claims = {
        "jti": secrets.token_urlsafe(16), "htm": method, "htu": stack.issuer + path,
        "iat": int(seconds(stack)), **({"ath": hash_of(token)} if token else {}), **changes,
    }  # fmt: skip
    about = {"alg": algorithm, "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    about = {**about, **(header or {})}
    claims, about = ({k: v for k, v in each.items() if v is not None} for each in (claims, about))
    return jwt.encode(about, claims, key, algorithms=[algorithm])


def hash_of(token):
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def thumbprint(key):
    return key.thumbprint()
