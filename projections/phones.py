"""Phone numbers, written alike whoever typed them (ITU-T E.164)."""

from __future__ import annotations

import re

import phonenumbers

BETWEEN_DIGITS = re.compile(r"[\s()./-]")
ABROAD = re.compile(r"\s*00(?=\s*[1-9])")
"""How most of the world dials another country (ITU-T E.123), where a plus is not to be had."""

LONGEST = 200


def normal(text: str) -> str:
    """Return a number in E.164, when it says its country; else without what is between its digits.

    No country is guessed: a code would be sent to a stranger. What is no number stays what it is,
    without blanks.

    >>> normal(" 0041 (0)79 123-45-67 ")
    '+41791234567'
    >>> normal("079 123 45 67")
    '0791234567'
    """
    text = ABROAD.sub("+", text[:LONGEST], count=1) if ABROAD.match(text) else text[:LONGEST]
    plain = BETWEEN_DIGITS.sub("", text)
    if not plain.startswith("+"):
        return plain
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return plain
    if not phonenumbers.is_possible_number(number):
        return plain
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
