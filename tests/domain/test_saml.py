"""SAML requests and sessions, and the key pairs that answers are signed with."""

from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.auth_request.refusals import NO_GRANT, SESSION_INVALID, SESSION_TOO_OLD
from personae.actors.domain.key_pair.commands import RenewKeyPair
from personae.actors.domain.key_pair.events import KeyPairAdded, KeyPairCertificateAdded
from personae.actors.domain.key_pair.facts import NewPair
from personae.actors.domain.key_pair.state import KEY_PAIR, LIFE, RENEWED, SETTLED
from personae.actors.domain.kit import On, Stream
from personae.actors.domain.saml_request import commands as c
from personae.actors.domain.saml_request import events as e
from personae.actors.domain.saml_request import refusals
from personae.actors.domain.saml_request.contexts import (
    MFA,
    PASSWORD,
    PROTECTED,
    UNSPECIFIED,
    met,
    possible,
)
from personae.actors.domain.saml_request.facts import SAMLLinkFacts
from personae.actors.domain.saml_request.state import LIFE as REQUEST_LIFE
from personae.actors.domain.saml_request.state import SAML_REQUEST
from personae.actors.domain.saml_session import commands as s
from personae.actors.domain.saml_session import events as se
from personae.actors.domain.saml_session import refusals as session_refusals
from personae.actors.domain.saml_session.facts import OpenFacts
from personae.actors.domain.values import Sealed

from tests.domain.language import EARLIER, LATER, NOW, given

ASKED = e.SAMLRequestAdded(application_id="a", issuer="urn:sp", acs_url="https://sp.example/acs")
ADD = c.AddSAMLRequest(request_id="r", instance_id="1", asked=ASKED)
LINK = c.LinkSAMLSession(request_id="r", session_id="s", presented="t")
FACTS = SAMLLinkFacts(now=NOW, asked_at=NOW, user_id="u", auth_time=EARLIER, auth_methods=("pwd",))
LINKED = e.SAMLSessionLinked(session_id="s", user_id="u", auth_time=EARLIER, auth_methods=("pwd",))
FAIL = c.FailSAMLRequest(request_id="r", reason=5)
FAILED, SUCCEEDED = e.SAMLRequestFailed(reason=5), e.SAMLRequestSucceeded()


def test_a_request_is_made_once_and_answered_once():
    given().when(ADD).then(ASKED)
    given(ASKED).when(ADD).refuses(refusals.ALREADY_EXISTS)
    given(ASKED).when(LINK, FACTS).then(LINKED)
    given(ASKED).when(FAIL).then(FAILED)
    for order in (LINK, FAIL):
        given().when(order, FACTS).refuses(refusals.NOT_FOUND)
        for over in ((LINKED,), (FAILED,), (LINKED, SUCCEEDED)):
            given(ASKED, *over).when(order, FACTS).refuses(refusals.ALREADY_HANDLED)


def test_a_session_must_be_good_enough():
    given(ASKED).when(LINK, replace(FACTS, refused=NO_GRANT())).refuses(NO_GRANT)
    given(ASKED).when(LINK, replace(FACTS, auth_time=None)).refuses(SESSION_INVALID)
    given(ASKED).when(LINK, replace(FACTS, now=NOW + REQUEST_LIFE)).refuses(refusals.EXPIRED)
    forced = replace(ASKED, force_authn=True)
    given(forced).when(LINK, FACTS).refuses(SESSION_TOO_OLD)
    given(forced).when(LINK, replace(FACTS, auth_time=LATER)).includes(
        replace(LINKED, auth_time=LATER)
    )
    strong = replace(ASKED, authn_contexts=(MFA,), comparison="exact")
    given(strong).when(LINK, FACTS).refuses(refusals.CONTEXT_UNMET)
    both = ("pwd", "otp", "mfa")
    given(strong).when(LINK, replace(FACTS, auth_methods=both)).then(
        replace(LINKED, auth_methods=both)
    )


@pytest.mark.parametrize(
    ("wanted", "comparison", "methods", "answer"),
    [
        ((), "", ("pwd",), PROTECTED),
        ((), "", ("user",), UNSPECIFIED),
        ((PASSWORD,), "exact", ("pwd",), PASSWORD),
        ((PASSWORD,), "exact", ("user",), ""),
        ((PASSWORD,), "minimum", ("pwd", "otp", "mfa"), MFA),
        ((PASSWORD,), "better", ("pwd",), PROTECTED),
        ((MFA,), "better", ("pwd", "otp", "mfa"), ""),
        ((PASSWORD,), "maximum", ("pwd", "otp", "mfa"), PASSWORD),
        (("urn:unknown",), "minimum", ("pwd",), ""),
        (("urn:unknown", PROTECTED), "exact", ("pwd",), PROTECTED),
    ],
)  # fmt: skip
def test_how_somebody_signed_in_is_compared(wanted, comparison, methods, answer):
    assert met(wanted, comparison, methods) == answer


def test_what_nobody_can_answer_is_known_at_once():
    assert possible((), "exact")
    assert possible((MFA,), "minimum")
    assert not possible((MFA,), "better")
    assert not possible(("urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos",), "exact")


REQUEST = Stream("1", "saml_request", "r")
OPEN = s.OpenSAMLSession(
    saml_session_id="v", org_id="o", request_id="r", assertion_id="_a", name_id="n", lifetime=1
)


def facts(*events, **more):
    return OpenFacts(
        now=NOW, stream=REQUEST, version=2, request=SAML_REQUEST.fold(events), language="de", **more
    )


ADDED = se.SAMLSessionAdded(
    user_id="u", user_resource_owner="o", session_id="s", entity_id="urn:sp", audience=("urn:sp",),
    auth_methods=("pwd",), auth_time=EARLIER, preferred_language="de", name_id="n",
)  # fmt: skip
TOLD = se.SAMLResponseAdded(id="_a", lifetime=1)


def test_a_service_provider_is_told_once():
    given().when(OPEN, facts(ASKED, LINKED)).then(ADDED, TOLD, On(REQUEST, SUCCEEDED, 2, "1"))
    given().when(OPEN, facts()).refuses(refusals.NOT_FOUND)
    given().when(OPEN, facts(ASKED)).refuses(refusals.NOT_LINKED)
    given().when(OPEN, facts(ASKED, LINKED, SUCCEEDED)).refuses(refusals.ALREADY_HANDLED)
    given().when(OPEN, facts(ASKED, FAILED)).refuses(refusals.ALREADY_HANDLED)
    given().when(OPEN, facts(ASKED, LINKED, refused=NO_GRANT())).refuses(NO_GRANT)
    given(ADDED).when(OPEN, facts(ASKED, LINKED)).refuses(session_refusals.ALREADY_EXISTS)


def test_a_session_ends_once():
    end = s.RevokeSAMLResponse(saml_session_id="v")
    given(ADDED, TOLD).when(end).then(se.SAMLResponseRevoked())
    given(ADDED, TOLD, se.SAMLResponseRevoked()).when(end).then_nothing()
    given().when(end).then_nothing()


PRIVATE = Sealed("1", "c2VhbGVk")
RENEW = RenewKeyPair(instance_id="1")


def new(at=NOW):
    return NewPair(now=at, private_key=PRIVATE, certificate=b"c")


def made(at):
    return (
        KeyPairAdded(usage=2, algorithm="RS256", private_key=PRIVATE),
        KeyPairCertificateAdded(certificate=b"c", made_at=at, expiry=at + LIFE),
    )


def test_a_pair_is_made_when_there_is_none_or_the_last_one_ends_soon():
    given().when(RENEW, new()).then(*made(NOW))
    given().when(RENEW, NewPair(now=NOW)).then_nothing()
    given(*made(NOW)).when(RENEW, new()).then_nothing()
    given(*made(NOW)).when(replace(RENEW, now=True), new()).then(*made(NOW))
    soon = NOW + LIFE - RENEWED + timedelta(seconds=1)
    given(*made(NOW)).when(RENEW, new(soon)).then(*made(soon))


def test_a_new_pair_signs_when_others_have_had_time_to_learn_of_it():
    second = NOW + LIFE - RENEWED
    pairs = KEY_PAIR.fold((*made(NOW), *made(second)))
    assert pairs.signing(NOW) == pairs.signing(second) == pairs.pairs[0]
    assert pairs.signing(second + SETTLED) == pairs.pairs[1]
    assert len(pairs.living(second)) == 2
    assert pairs.living(NOW + LIFE) == pairs.pairs[1:]
    late = NOW + LIFE + timedelta(days=1)
    assert KEY_PAIR.fold((*made(NOW), *made(late))).signing(late).made_at == late
    assert KEY_PAIR.initial.signing(NOW) is None
