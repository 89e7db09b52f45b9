"""The client secret that Apple wants: a token signed by the client's own key."""

from __future__ import annotations

from datetime import datetime, timedelta

from personae.actors.domain.idp.values import Idp
from personae.http.identity.jwt import Signer

LIFE = timedelta(minutes=5)


def client_secret(idp: Idp, private_key: str, now: datetime) -> str:
    """Return the secret for one call."""
    claims = {
        "iss": idp.team_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "aud": idp.issuer,
        "sub": idp.client_id,
    }
    return Signer(idp.key_id, "ES256", private_key).sign(claims, "JWT")
