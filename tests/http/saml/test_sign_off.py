"""Single logout: what is signed ends the session, what is not ends nothing."""

import base64
from datetime import timedelta

import pytest
from lxml import etree
from personae.actors.domain.session.state import Status
from yarl import URL

from tests.aggregates.conftest import ADMIN
from tests.http.saml import sp
from tests.http.saml.conftest import form_of, one, response_of, session_of, statuses
from tests.http.saml.test_sign_on import LOGIN_NAME, answered

SLO = "/saml/v2/SLO"


def request_of(idp, index="", name=LOGIN_NAME, id_=None, issuer=sp.ENTITY, **attributes):
    """The text of a LogoutRequest."""
    inside = f"<saml:NameID>{name}</saml:NameID>"
    inside += f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    here = f"{idp.stack.issuer}{SLO}"
    made = sp.authn_request(
        here,
        id_ or f"_o{idp.stack.new_id()}",
        issuer=issuer,
        at=idp.clock(),
        inside=inside,
        **attributes,
    )
    return made.replace("AuthnRequest", "LogoutRequest")


async def sent(idp, text, browser=None, **more):
    where = URL(f"{idp.url}{SLO}?{sp.redirect_query(text, 'bye', **more)}", encoded=True)
    return await idp.stack.call("GET", where, headers=browser.cookie if browser else None)


@pytest.fixture
async def signed_in(idp):
    """Somebody whom a service provider knows: the browser, and the session's index."""
    await idp.app()
    browser = await idp.stack.browser()
    response = response_of(await answered(idp, browser))
    return browser, one(response, "saml:AuthnStatement").get("SessionIndex")


async def test_a_signed_request_ends_the_session_and_is_answered(idp, signed_in):
    browser, index = signed_in
    answer = await sent(idp, request_of(idp, index, id_="_out"), browser)
    action, fields = form_of(answer)
    response = response_of(answer)
    assert (action, fields["RelayState"]) == (sp.SLO, "bye")
    assert response.tag == f"{{{sp.SAMLP}}}LogoutResponse"
    assert (response.get("InResponseTo"), response.get("Destination")) == ("_out", sp.SLO)
    assert statuses(response) == ["Success"]
    assert (await session_of(idp, index)).status is Status.TERMINATED
    assert "personae.agent" in answer.headers["Set-Cookie"]
    # The other way to ask, from another place: it is over already, and that is fine.
    signed = etree.tostring(sp.enveloped(request_of(idp, index)))

    form = {"SAMLRequest": base64.b64encode(signed).decode()}
    again = await idp.stack.call("POST", SLO, data=form)
    assert statuses(response_of(again)) == ["Success"]


async def test_without_an_index_those_of_the_browser_end(idp, signed_in):
    browser, index = signed_in
    for name in (LOGIN_NAME, ADMIN):
        assert (
            statuses(response_of(await sent(idp, request_of(idp, name="somebody"), browser)))[0]
            == "Requester"
        )
        assert (await session_of(idp, index)).status is Status.ACTIVE
        assert name
    assert statuses(response_of(await sent(idp, request_of(idp)))) == [
        "Requester",
        "UnknownPrincipal",
    ]
    assert statuses(response_of(await sent(idp, request_of(idp, name=ADMIN), browser))) == [
        "Success"
    ]
    assert (await session_of(idp, index)).status is Status.TERMINATED


@pytest.mark.parametrize(
    ("change", "how"),
    [
        ({}, {"key": ""}),
        ({}, {"key": "other"}),
        ({}, {"algorithm": sp.RSA_SHA1}),
        ({"NotOnOrAfter": "2020-01-01T00:00:00Z"}, {}),
        ({"NotOnOrAfter": "never"}, {}),
        ({"issuer": "urn:nobody"}, {}),
    ],
)
async def test_what_is_not_surely_of_the_service_provider_ends_nothing(idp, signed_in, change, how):
    browser, index = signed_in
    answer = await sent(idp, request_of(idp, index, **change), browser, **how)
    assert answer.status in {400, 404}
    assert (await session_of(idp, index)).status is Status.ACTIVE


async def test_unsigned_requests_end_nothing_whatever_the_metadata_says(idp):
    await idp.app(sp.metadata(signed=False))
    browser = await idp.stack.browser()
    index = one(response_of(await answered(idp, browser)), "saml:AuthnStatement").get(
        "SessionIndex"
    )
    answer = await sent(idp, request_of(idp, index), browser, key="")
    assert "SAML-SignatureMissing" in answer.text
    assert (await session_of(idp, index)).status is Status.ACTIVE


async def test_nobody_ends_the_sessions_of_others(idp, signed_in):
    browser, index = signed_in
    await idp.app(sp.metadata("urn:second", key="second"))
    answer = await sent(idp, request_of(idp, index, issuer="urn:second"), browser, key="second")
    assert statuses(response_of(answer)) == ["Requester", "UnknownPrincipal"]
    answer = await sent(idp, request_of(idp, index, name="eve"), browser)
    assert statuses(response_of(answer)) == ["Requester", "UnknownPrincipal"]
    assert (await session_of(idp, index)).status is Status.ACTIVE


async def test_a_request_counts_once_and_for_now(idp, signed_in):
    _, index = signed_in
    text = request_of(idp, index)
    assert (await sent(idp, text)).status == 200
    assert "SAML-MessageReplayed" in (await sent(idp, text)).text
    text = request_of(idp, index)
    idp.clock.pass_(minutes=6)
    assert "SAML-MessageExpired" in (await sent(idp, text)).text
    until = f"{idp.clock() + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    assert (await sent(idp, request_of(idp, index, NotOnOrAfter=until))).status == 200
    wrong = await sent(idp, request_of(idp, index, version="1.1"))
    assert statuses(response_of(wrong)) == ["VersionMismatch"]


async def test_answers_go_by_an_address_where_only_that_is_taken(idp):
    await idp.app(sp.metadata(slo=((sp.REDIRECT, sp.SLO),)))
    answer = await sent(idp, request_of(idp))
    assert answer.location.startswith(f"{sp.SLO}?SAMLResponse=")
    await idp.app(sp.metadata("urn:silent", slo=()))
    answer = await sent(idp, request_of(idp, issuer="urn:silent"))
    assert answer.location == "/ui/login/logout/done"
