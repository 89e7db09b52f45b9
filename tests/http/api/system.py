"""System users of tests: real keys, real signatures."""

import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from personae.actors.domain.kit.caller import Membership
from personae.http.identity.jwt import Signer
from personae.http.identity.system_users import SystemUsers

AUDIENCE = "http://127.0.0.1"
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def known(*roles, kind="", id_=""):
    """Return the system users of a server with one of them, ``ops``."""
    return SystemUsers({"ops": (PUBLIC, [Membership(roles, kind, id_)])}, AUDIENCE)


def token(**changes):
    """Return a token that ``ops`` has signed."""
    now = int(time.time())
    claims = {"iss": "ops", "sub": "ops", "aud": AUDIENCE, "iat": now, "exp": now + 3600}
    return Signer("any", "ES256", PEM).sign(claims | changes, "JWT")
