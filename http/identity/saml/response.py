"""Responses and the assertions in them (SAML Core 2.3.3, 3.3.3; SAML Profiles 4.1.4.2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from personae.http.identity.saml.names import BASIC, BEARER, PROTOCOL, SAML, SAMLP, SUCCESS
from personae.http.identity.saml.subject import Subject
from personae.http.identity.saml.xml import Element, Signatory, make, sign

LIFE = timedelta(minutes=5)
"""How long an assertion may be used."""

EARLY = timedelta(minutes=1)
"""How far clocks of service providers may be behind ours."""

PREFIXES = {"samlp": PROTOCOL, "saml": SAML[1:-1]}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who answers which message, when, and where the answer goes."""

    issuer: str
    destination: str
    in_response_to: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """What is asserted: who it is, since when, proved how, to whom, under which session."""

    assertion_id: str
    subject: Subject
    audience: str
    session_index: str
    auth_time: datetime
    context: str


def new_id() -> str:
    """Return an id for a message: 160 random bits (SAML Core, 1.3.4)."""
    return f"_{secrets.token_hex(20)}"


def stamp(moment: datetime) -> str:
    """Return a time as SAML writes it (SAML Core, 1.3.3)."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def status(*codes: str, message: str = "") -> Element:
    """Return a status: one code, or a second one within it (SAML Core, 3.2.2.2)."""
    inner = make(f"{SAMLP}StatusCode", {"Value": codes[1]}) if len(codes) > 1 else None
    code = make(f"{SAMLP}StatusCode", {"Value": codes[0]}, inner)
    words = make(f"{SAMLP}StatusMessage", None, message) if message else None
    return make(f"{SAMLP}Status", None, code, words)


def answer(kind: str, to: Envelope, *content: Element) -> Element:
    """Return a response of whatever kind, not yet signed."""
    attributes = {
        "ID": new_id(),
        "Version": "2.0",
        "IssueInstant": stamp(to.now),
        "Destination": to.destination,
        "InResponseTo": to.in_response_to,
    }
    issuer = make(f"{SAML}Issuer", None, to.issuer)
    return make(f"{SAMLP}{kind}", attributes, issuer, *content, **PREFIXES)


def granted(to: Envelope, said: Statement, by: Signatory) -> Element:
    """Return a response with an assertion, which is signed; the response is not yet."""
    unsigned = _assertion(to, said)
    assertion = sign(unsigned, by, after=unsigned[0])
    return answer("Response", to, status(SUCCESS), assertion)


def refused(to: Envelope, *codes: str, message: str = "") -> Element:
    """Return a response that says why there is no assertion."""
    return answer("Response", to, status(*codes, message=message))


def _assertion(to: Envelope, said: Statement) -> Element:
    attributes = {"ID": said.assertion_id, "Version": "2.0", "IssueInstant": stamp(to.now)}
    return make(
        f"{SAML}Assertion",
        attributes,
        make(f"{SAML}Issuer", None, to.issuer),
        _subject(to, said.subject),
        _conditions(to, said.audience),
        _authentication(said),
        _attributes(said.subject),
        saml=PREFIXES["saml"],
    )


def _subject(to: Envelope, subject: Subject) -> Element:
    data = {
        "NotOnOrAfter": stamp(to.now + LIFE),
        "Recipient": to.destination,
        "InResponseTo": to.in_response_to,
    }
    confirmation = make(
        f"{SAML}SubjectConfirmation",
        {"Method": BEARER},
        make(f"{SAML}SubjectConfirmationData", data),
    )
    name = make(f"{SAML}NameID", {"Format": subject.format}, subject.name)
    return make(f"{SAML}Subject", None, name, confirmation)


def _conditions(to: Envelope, audience: str) -> Element:
    times = {"NotBefore": stamp(to.now - EARLY), "NotOnOrAfter": stamp(to.now + LIFE)}
    only = make(f"{SAML}AudienceRestriction", None, make(f"{SAML}Audience", None, audience))
    return make(f"{SAML}Conditions", times, only)


def _authentication(said: Statement) -> Element:
    attributes = {"AuthnInstant": stamp(said.auth_time), "SessionIndex": said.session_index}
    context = make(f"{SAML}AuthnContextClassRef", None, said.context)
    return make(f"{SAML}AuthnStatement", attributes, make(f"{SAML}AuthnContext", None, context))


def _attributes(subject: Subject) -> Element:
    return make(
        f"{SAML}AttributeStatement",
        None,
        *(
            make(
                f"{SAML}Attribute",
                {"Name": name, "NameFormat": BASIC},
                *(make(f"{SAML}AttributeValue", None, value) for value in values),
            )
            for name, values in subject.attributes
        ),
    )
