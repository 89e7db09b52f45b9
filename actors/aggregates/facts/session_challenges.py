"""What a session asks of its user: codes to send or return, a challenge for a browser."""

from __future__ import annotations

from personae.actors.aggregates import webauthn
from personae.actors.aggregates.facts.user_codes import new_code
from personae.actors.aggregates.turn import Turn
from personae.actors.domain.codes import SealedCode
from personae.actors.domain.kit import replace
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.session import refusals
from personae.actors.domain.session.facts import CheckFacts
from personae.actors.domain.session.values import Challenges, Delivery
from personae.actors.domain.user.state import Human

OTP_SMS, OTP_EMAIL = 8, 9
"""Secret generator types of the codes that are sent as second factor."""


async def challenged(asked: Challenges, user_id: str, facts: CheckFacts, turn: Turn) -> CheckFacts:
    """Return the facts with what the challenges need. Raises SESSION-FactorUnavailable."""
    human = (await turn.user(user_id)).human
    if human is None:
        raise refusals.FACTOR_UNAVAILABLE()
    secrets: dict[str, str] = {}
    sms = email = None
    if asked.otp_sms:
        ready = human.otp_sms and human.phone.verified
        sms = await _code(OTP_SMS, asked.otp_sms, user_id, secrets, turn, ready=ready)
    if asked.otp_email:
        ready = human.otp_email and human.email.verified
        email = await _code(OTP_EMAIL, asked.otp_email, user_id, secrets, turn, ready=ready)
    challenge = _web_auth_n(asked, human, secrets) if asked.domain else ""
    return replace(facts, sms_code=sms, email_code=email, challenge=challenge, secrets=secrets)


async def _code(
    number: int,
    delivery: Delivery,
    user_id: str,
    secrets: dict[str, str],
    turn: Turn,
    *,
    ready: bool,
) -> SealedCode:
    if not ready:
        raise refusals.FACTOR_UNAVAILABLE()
    plain, code = new_code(number, await turn.instance(), turn)
    if delivery.return_code:
        # Whoever reads the code of a second factor of one's own needs no second factor.
        if turn.caller.user_id == user_id:
            raise PERMISSION_DENIED(permission="session.write")
        await turn.may("session.write")
        secrets["otp_sms" if number == OTP_SMS else "otp_email"] = plain
    return code


def _web_auth_n(asked: Challenges, human: Human, secrets: dict[str, str]) -> str:
    required = asked.user_verification == webauthn.REQUIRED
    known = [*human.passkeys.values(), *([] if required else human.u2f.values())]
    usable = [each for each in known if each.verified and each.rp_id == asked.domain]
    if not usable:
        raise refusals.FACTOR_UNAVAILABLE()
    challenge = webauthn.new_challenge()
    secrets["web_auth_n"] = webauthn.request_options(
        challenge=challenge,
        rp_id=asked.domain,
        requirement=asked.user_verification,
        known=usable,
    )
    return challenge
