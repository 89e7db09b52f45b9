"""How somebody must have proved who it is (SAML Core, 3.3.2.2.1; Authentication Context)."""

from __future__ import annotations

CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
UNSPECIFIED = f"{CLASSES}unspecified"
PASSWORD = f"{CLASSES}Password"
PROTECTED = f"{CLASSES}PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"

KNOWN = (UNSPECIFIED, PASSWORD, PROTECTED, MFA)
"""The classes that a session here can be of, the weakest first."""

COMPARISONS = frozenset({"exact", "minimum", "better", "maximum"})


def classes_of(auth_methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes that a session is of, the weakest first, by what it proved (``amr``)."""
    found = {
        UNSPECIFIED: True,
        PASSWORD: "pwd" in auth_methods,
        PROTECTED: "pwd" in auth_methods,
        MFA: "mfa" in auth_methods,
    }
    return tuple(name for name, there in found.items() if there)


def met(wanted: tuple[str, ...], comparison: str, auth_methods: tuple[str, ...]) -> str:
    """Return the class that answers what is wanted, empty when the session is of none.

    Without wishes it is the usual one: a password over TLS, or none in particular.
    """
    has = classes_of(auth_methods)
    if not wanted:
        return PROTECTED if PROTECTED in has else UNSPECIFIED
    return next((each for each in reversed(has) if answers(each, wanted, comparison)), "")


def answers(name: str, wanted: tuple[str, ...], comparison: str) -> bool:
    """Say whether a class is what is wanted; of unknown classes nothing is weaker or stronger."""
    rank = KNOWN.index(name)
    ranks = [KNOWN.index(each) for each in wanted if each in KNOWN]
    if not ranks:
        return False
    return {
        "exact": rank in ranks,
        "minimum": rank >= min(ranks),
        "better": rank > max(ranks),
        "maximum": rank <= max(ranks),
    }[comparison]


def possible(wanted: tuple[str, ...], comparison: str) -> bool:
    """Say whether any session here could answer what is wanted."""
    return not wanted or any(answers(each, wanted, comparison) for each in KNOWN)
