"""E-mail addresses and phone numbers, and how they are verified."""

from __future__ import annotations

import re

from personae.actors.domain.codes import life
from personae.actors.domain.kit import Decisions
from personae.actors.domain.templates import checked_template
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.code_events import EmailCodeAdded, PhoneCodeAdded
from personae.actors.domain.user.facts import HumanFacts
from personae.actors.domain.user.state import Human
from personae.actors.domain.user.values import NewContact

EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
LONGEST_EMAIL = 200


def checked_email(email: NewContact) -> str:
    """Return the address, or refuse what cannot be one; only a code proves that it is."""
    if len(email.value) > LONGEST_EMAIL or not EMAIL.fullmatch(email.value):
        raise refusals.EMAIL_INVALID()
    return email.value


def email_verification(email: NewContact, facts: HumanFacts) -> Decisions:
    """Yield what follows a new address: it is verified, or a code is on its way."""
    if email.verified:
        yield e.EmailVerified()
    elif facts.email_code:
        yield EmailCodeAdded(
            url_template=checked_template(email.url_template),
            code_returned=email.return_code,
            **life(facts.email_code, facts.now),
        )


def phone_verification(phone: NewContact, facts: HumanFacts) -> Decisions:
    """Yield what follows a new number: it is verified, or a code is on its way."""
    if phone.verified:
        yield e.PhoneVerified()
    elif facts.phone_code:
        yield PhoneCodeAdded(code_returned=phone.return_code, **life(facts.phone_code, facts.now))


def change_email(human: Human, email: NewContact | None, facts: HumanFacts) -> Decisions:
    """Yield what sets another e-mail address."""
    if email is None:
        return
    changed = checked_email(email) != human.email.value
    if changed:
        yield e.EmailChanged(email=email.value)
    if changed or not human.email.verified:
        yield from email_verification(email, facts)


def change_phone(human: Human, phone: NewContact | None, facts: HumanFacts) -> Decisions:
    """Yield what sets another phone number, or removes it when the new one is empty."""
    if phone is None:
        return
    if not phone.value:
        if human.phone.value:
            yield e.PhoneRemoved()
        return
    changed = phone.value != human.phone.value
    if changed:
        yield e.PhoneChanged(phone=phone.value)
    if changed or not human.phone.verified:
        yield from phone_verification(phone, facts)
