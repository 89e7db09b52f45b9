"""Assertions as other people's libraries sign them."""

import time

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPES = {"ES256": ECKey, "ES384": ECKey, "EdDSA": OKPKey}


def signed(subject, audience, key_id, pem, now, *, algorithm="RS256", headers=None, **changes):
    """Sign who ``subject`` is; a claim given as ``None`` is left out."""
    claims = {
        "iss": subject, "sub": subject, "aud": audience,
        "iat": int(now), "exp": int(now) + 60, **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": algorithm, "kid": key_id, **(headers or {})}
    key = TYPES.get(algorithm, RSAKey).import_key(pem)
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def seconds(stack):
    return stack.services.world.now().timestamp() if stack else time.time()
