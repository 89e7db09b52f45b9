"""ID tokens that come back as hints (OIDC Core, 3.1.2.1; RP-Initiated Logout, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from personae.http.identity.jwt import WRONG_AUDIENCE
from personae.http.oidc.call import Call


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token was about, in which session, and whom it was issued to."""

    user_id: str
    session_id: str
    client_id: str


async def subject_of_hint(call: Call, text: str, client_id: str = "") -> Hint:
    """Return what an ID token of ours says, also after its time.

    With ``client_id`` it must have been issued to that client. Raises a refusal ``TOKEN-…``.
    """
    keys = await call.services.keys.of(call.instance_id)
    claims = keys.verifier.verify(
        text,
        typ=("jwt",),
        issuer=call.issuer,
        audience=(client_id,) if client_id else None,
        required=("sub", "azp"),
        now=call.services.world.now(),
        expired=True,
    )
    if client_id and claims["azp"] != client_id:
        raise WRONG_AUDIENCE()
    return Hint(str(claims["sub"]), str(claims.get("sid", "")), str(claims["azp"]))
