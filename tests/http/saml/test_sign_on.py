"""Single sign-on: the request, the sign-in pages, the answer."""

import re
from datetime import timedelta

import pytest
from lxml import etree
from personae.actors.domain.org.commands import DeactivateOrg
from personae.actors.domain.project.commands import (
    AddRole,
    ChangeApp,
    ChangeProject,
    DeactivateApp,
    DeactivateProject,
    SAMLChanges,
)
from personae.actors.domain.project.values import LoginVersion
from personae.actors.domain.saml_request.commands import FailSAMLRequest, LinkSAMLSession
from personae.actors.domain.saml_request.state import Status
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.domain.user.commands import DeactivateUser
from personae.actors.domain.user_grant.commands import AddUserGrant, DeactivateUserGrant
from signxml import SignatureConfiguration, XMLVerifier

from tests.aggregates.conftest import ADMIN, INSTANCE, PASSWORD
from tests.http.saml import sp
from tests.http.saml.conftest import attributes_of, form_of, one, response_of, statuses

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
CONTEXTS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
LOGIN_NAME = "admin@acme.localhost"


def wanting(name_format):
    return f'<samlp:NameIDPolicy Format="{name_format}" AllowCreate="true"/>'


def context(*classes, comparison="exact"):
    refs = "".join(
        f"<saml:AuthnContextClassRef>{each}</saml:AuthnContextClassRef>" for each in classes
    )
    return f'<samlp:RequestedAuthnContext Comparison="{comparison}">{refs}</samlp:RequestedAuthnContext>'


async def linked(idp, request_id, browser):
    """Answer a request with the session of a browser, as the pages do."""
    order = LinkSAMLSession(
        request_id=request_id, session_id=browser.held.session_id, presented=browser.held.token_id
    )
    await idp.stack.send(order)


async def answered(idp, browser=None, **asked):
    """Walk from the request to the page with the answer."""
    browser = browser or await idp.stack.browser()
    request_id = await idp.asked(**asked)
    await linked(idp, request_id, browser)
    return await idp.callback(request_id, browser)


async def verified(idp, element, location="./"):
    certificate = await idp.certificate()
    config = SignatureConfiguration(location=location)
    return XMLVerifier().verify(element, x509_cert=certificate, expect_config=config).signed_xml


async def test_somebody_signs_in_at_the_pages(idp, browser):
    await idp.app()
    asked = await idp.redirect(idp.request("_ask"), "state&more")
    assert asked.status == 303
    assert re.fullmatch(r"/ui/login/login\?samlRequest=V2_\d+", asked.location)
    page = await browser.get(asked.location)
    assert "Shop" in page.text
    page = await browser.submit(page, "loginname", loginName=LOGIN_NAME)
    page = await browser.submit(page, "password", password=PASSWORD)
    assert "/saml/v2/login?id=V2_" in page.url
    action, fields = form_of(page)
    assert action == sp.ACS
    assert fields["RelayState"] == "state&more"
    response = response_of(page)
    assert statuses(response) == ["Success"]
    assert response.get("InResponseTo") == "_ask"
    # A second application needs no page: single sign-on.
    await idp.app(sp.metadata("urn:second", acs=((sp.POST, "https://second.example/acs"),)))
    page = await browser.get((await idp.redirect(idp.request(issuer="urn:second"))).location)
    assert form_of(page)[0] == "https://second.example/acs"
    assert statuses(response_of(page)) == ["Success"]


async def test_the_answer_says_what_was_asked_and_is_signed_twice(idp):
    await idp.app()
    page = await answered(idp, id_="_ask")
    response = await verified(idp, response_of(page))
    assertion = await verified(idp, response_of(page), f"./{{{sp.SAML}}}Assertion/")
    issuer = f"{idp.stack.issuer}/saml/v2/metadata"
    assert (response.get("Destination"), response.get("InResponseTo")) == (sp.ACS, "_ask")
    assert {one(response, "saml:Issuer").text, one(assertion, "saml:Issuer").text} == {issuer}
    confirmation = one(assertion, "saml:SubjectConfirmationData")
    assert (confirmation.get("Recipient"), confirmation.get("InResponseTo")) == (sp.ACS, "_ask")
    assert one(assertion, "saml:Audience").text == sp.ENTITY
    until = f"{idp.clock() + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    conditions = one(assertion, "saml:Conditions")
    assert {confirmation.get("NotOnOrAfter"), conditions.get("NotOnOrAfter")} == {until}
    assert one(assertion, "saml:AuthnStatement").get("SessionIndex").startswith("V2_")
    assert (
        one(assertion, "saml:AuthnContextClassRef").text == f"{CONTEXTS}PasswordProtectedTransport"
    )
    assert one(assertion, "saml:NameID").text == LOGIN_NAME
    assert attributes_of(assertion) == {
        "Email": [LOGIN_NAME], "SurName": ["Admin"], "FirstName": ["Ada"], "FullName": ["Ada Admin"],
        "UserName": [LOGIN_NAME], "UserID": [ADMIN],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(EMAIL, LOGIN_NAME), (PERSISTENT, ADMIN), (TRANSIENT, None)],
)
async def test_people_are_named_as_the_service_provider_wishes(idp, wanted, name):
    await idp.app()
    found = [
        one(response_of(await answered(idp, inside=wanting(wanted))), "saml:NameID")
        for _ in range(2)
    ]
    assert {each.get("Format") for each in found} == {wanted}
    names = {each.text for each in found}
    assert names == {name} if name else len(names) == 2


async def test_the_metadata_may_say_how_people_are_named(idp):
    await idp.app(sp.metadata(formats=("urn:unknown", PERSISTENT)))
    assert one(response_of(await answered(idp)), "saml:NameID").text == ADMIN


async def test_posted_requests_are_signed_inside(idp):
    await idp.app()
    signed = etree.tostring(sp.enveloped(idp.request()))
    assert (await idp.post(signed, "r")).status == 303
    assert (await idp.post(signed)).status == 400  # once


@pytest.mark.parametrize(
    "query",
    [
        lambda idp: sp.redirect_query(idp.request(), key=""),
        lambda idp: sp.redirect_query(idp.request(), key="other"),
        lambda idp: sp.redirect_query(idp.request(), algorithm=sp.RSA_SHA1),
        lambda idp: sp.redirect_query(idp.request(), algorithm="urn:none"),
        lambda idp: sp.redirect_query(idp.request(), "one").replace("RelayState=one", "RelayState=two"),
        lambda idp: sp.redirect_query(idp.request()) + "&RelayState=more",
        lambda idp: sp.redirect_query(idp.request()) + "&SAMLRequest=more",
        lambda idp: sp.redirect_query(idp.request()).partition("&Signature")[0],
        lambda idp: sp.redirect_query(idp.request(issuer="urn:nobody")),
        lambda idp: sp.redirect_query(idp.request(issuer="")),
        lambda idp: sp.redirect_query(sp.authn_request("https://other.example/", at=idp.clock())),
        lambda idp: sp.redirect_query(sp.authn_request("", at=idp.clock())),
        lambda idp: sp.redirect_query(sp.authn_request(idp.sso, at=idp.clock() - timedelta(minutes=6))),
        lambda idp: sp.redirect_query(sp.authn_request(idp.sso, at=idp.clock() + timedelta(minutes=6))),
        lambda idp: sp.redirect_query(idp.request("9")),
        lambda idp: sp.redirect_query(idp.request().replace("AuthnRequest", "LogoutRequest")),
        lambda idp: sp.redirect_query("<a" * 50_000),
        lambda idp: sp.redirect_query("x" * 300_000),
        lambda idp: sp.redirect_query(idp.request(), "x" * 2049),
        lambda idp: sp.redirect_query("", raw="nothing packed"),
        lambda idp: sp.redirect_query(idp.request(AssertionConsumerServiceURL="https://evil.example/")),
        lambda idp: sp.redirect_query(idp.request(AssertionConsumerServiceURL="javascript:alert(1)")),
        lambda idp: sp.redirect_query(idp.request(AssertionConsumerServiceIndex="7")),
        lambda idp: "",
    ],
)  # fmt: skip
async def test_what_is_not_surely_of_the_service_provider_goes_no_further(idp, query):
    await idp.app()
    answer = await idp.raw(query(idp), {"Accept": "text/html"})
    assert answer.status in {400, 404}
    assert not answer.location
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    "message",
    [
        lambda idp: idp.request(),
        lambda idp: etree.tostring(sp.enveloped(idp.request(), "other")),
        lambda idp: etree.tostring(sp.enveloped(idp.request())).replace(b"_r", b"_s"),
        lambda idp: etree.tostring(sp.enveloped(idp.request(issuer="urn:second"))),
        lambda idp: b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        lambda idp: b"",
    ],
)  # fmt: skip
async def test_what_is_posted_is_looked_at_as_closely(idp, message):
    await idp.app()
    await idp.app(sp.metadata("urn:second", key="second"))
    assert (await idp.post(message(idp))).status == 400


async def test_a_request_counts_once(idp):
    await idp.app()
    text = idp.request()
    assert (await idp.redirect(text)).status == 303
    answer = await idp.redirect(text)
    assert "SAML-MessageReplayed" in answer.text


async def test_unsigned_requests_are_for_those_who_sign_none(idp):
    await idp.app(sp.metadata(signed=False))
    assert (await idp.redirect(idp.request(), key="")).status == 303
    # But what is signed must be signed right.
    assert (await idp.redirect(idp.request(), key="other")).status == 400
    assert (await idp.post(etree.tostring(sp.enveloped(idp.request(), "other")))).status == 400
    await idp.app(sp.metadata("urn:keyless", key="", signed=False))
    assert (await idp.redirect(idp.request(issuer="urn:keyless"), key="")).status == 303
    assert (await idp.redirect(idp.request(issuer="urn:keyless"))).status == 400


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"version": "1.1"}, ["VersionMismatch"]),
        ({"inside": wanting("urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos")}, ["Requester", "InvalidNameIDPolicy"]),
        ({"inside": '<samlp:NameIDPolicy SPNameQualifier="urn:other"/>'}, ["Requester", "InvalidNameIDPolicy"]),
        ({"inside": context(f"{CONTEXTS}Kerberos")}, ["Responder", "NoAuthnContext"]),
        ({"inside": context(f"{CONTEXTS}Password", comparison="best")}, ["Responder", "NoAuthnContext"]),
        ({"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"}, ["Responder", "UnsupportedBinding"]),
        ({"ProtocolBinding": sp.REDIRECT}, ["Responder", "UnsupportedBinding"]),
    ],
)  # fmt: skip
async def test_what_cannot_be_had_is_told_to_the_service_provider(idp, asked, told):
    await idp.app()
    answer = await idp.redirect(idp.request("_ask", **asked), "state")
    assert answer.status == 200
    action, fields = form_of(answer)
    response = await verified(idp, response_of(answer))
    assert (action, fields["RelayState"]) == (sp.ACS, "state")
    assert statuses(response) == told
    assert response.get("InResponseTo") == "_ask"
    assert one(response, "saml:Assertion") is None


async def test_passive_requests_are_answered_without_a_page(idp):
    await idp.app()
    browser = await idp.stack.browser()

    async def passive(browser=None, **more):
        asked = await idp.redirect(idp.request(IsPassive="true", **more))
        return await idp.stack.call(
            "GET", asked.location, headers=browser.cookie if browser else None
        )

    assert statuses(response_of(await passive())) == ["Responder", "NoPassive"]
    assert statuses(response_of(await passive(browser))) == ["Success"]
    assert statuses(response_of(await passive(browser, ForceAuthn="true"))) == [
        "Responder",
        "NoPassive",
    ]
    strong = context("https://refeds.org/profile/mfa")
    assert statuses(response_of(await passive(browser, inside=strong))) == [
        "Responder",
        "NoPassive",
    ]


async def test_a_new_sign_in_is_made_when_it_is_asked_for(idp, browser):
    await idp.app()
    page = await browser.get((await idp.redirect(idp.request())).location)
    page = await browser.submit(page, "loginname", loginName=LOGIN_NAME)
    page = await browser.submit(page, "password", password=PASSWORD)
    assert statuses(response_of(page)) == ["Success"]
    idp.clock.pass_(minutes=1)
    page = await browser.get((await idp.redirect(idp.request(ForceAuthn="1"))).location)
    page = await browser.submit(page, "password", password=PASSWORD)
    assert statuses(response_of(page)) == ["Success"]


async def test_who_signed_in_too_weakly_is_not_told_of(idp, browser):
    await idp.app()
    strong = context("https://refeds.org/profile/mfa")
    page = await browser.get((await idp.redirect(idp.request(inside=strong))).location)
    page = await browser.submit(page, "loginname", loginName=LOGIN_NAME)
    page = await browser.submit(page, "password", password=PASSWORD)
    assert statuses(response_of(page)) == ["Responder", "NoAuthnContext"]


async def test_the_answer_goes_to_the_browser_that_signed_in(idp):
    await idp.app()
    request_id = await idp.asked()
    first, second = [await idp.stack.browser() for _ in range(2)]
    assert (await idp.callback(request_id)).status == 303  # to sign in
    await linked(idp, request_id, first)
    for other in (None, second):
        answer = await idp.callback(request_id, other)
        assert answer.status == 403
        assert "SAML-OtherBrowser" in answer.text
    assert statuses(response_of(await idp.callback(request_id, first))) == ["Success"]
    again = await idp.callback(request_id, first)
    assert "SAMLREQUEST-AlreadyHandled" in again.text
    assert (await idp.callback("V2_404", first)).status == 404


async def test_a_refused_sign_in_is_told(idp):
    await idp.app()
    request_id = await idp.asked()
    await idp.stack.send(FailSAMLRequest(request_id=request_id, reason=5))
    assert statuses(response_of(await idp.callback(request_id))) == ["Responder", "RequestDenied"]


async def test_who_or_what_rests_gets_nothing(idp):
    """ZA-18: application, project and organisation; ZA-43: also between request and answer."""
    for order in (
        lambda app: DeactivateApp(project_id=app.project_id, app_id=app.app_id),
        lambda app: DeactivateProject(project_id=app.project_id),
    ):
        entity = f"urn:{idp.stack.new_id()}"
        app = await idp.app(sp.metadata(entity))
        browser = await idp.stack.browser()
        before = await idp.asked(issuer=entity)
        linked_before = await idp.asked(issuer=entity)
        await linked(idp, linked_before, browser)
        await idp.stack.send(order(app))
        assert "SAML-ProviderUnknown" in (await idp.redirect(idp.request(issuer=entity))).text
        assert "SAML-ProviderUnknown" in (await idp.callback(before, browser)).text
        assert "SAML-ProviderUnknown" in (await idp.callback(linked_before, browser)).text


@pytest.mark.parametrize(
    "order",
    [
        lambda browser: DeactivateUser(user_id=ADMIN),
        lambda browser: TerminateSession(session_id=browser.held.session_id),
        lambda browser: DeactivateOrg(org_id="10"),
    ],
)  # fmt: skip
async def test_nobody_is_told_of_who_is_no_more(idp, order):
    await idp.app()
    browser = await idp.stack.browser()
    request_id = await idp.asked()
    await linked(idp, request_id, browser)
    await idp.stack.send(order(browser))
    answer = await idp.callback(request_id, browser)
    assert answer.status >= 400
    assert "SAMLResponse" not in answer.text
    assert (await idp.state(request_id)).status is Status.LINKED


async def test_a_project_that_checks_lets_in_whom_it_knows_and_tells_roles(idp):
    """ZA-17: a grant that rests gives neither entry nor role."""
    app = await idp.app(role_check=True, role_assertion=True)
    project = app.project_id
    await idp.stack.send(AddRole(project_id=project, key="boss"))
    browser = await idp.stack.browser()
    request_id = await idp.asked()
    with pytest.raises(Exception, match="AUTHREQUEST-NoGrant"):
        await linked(idp, request_id, browser)
    grant = idp.stack.new_id()
    await idp.stack.send(
        AddUserGrant(
            user_grant_id=grant, org_id="10", user_id=ADMIN, project_id=project, roles=("boss",)
        )
    )
    await linked(idp, request_id, browser)
    assert attributes_of(response_of(await idp.callback(request_id, browser)))["Roles"] == ["boss"]
    request_id = await idp.asked()
    await linked(idp, request_id, browser)
    await idp.stack.send(DeactivateUserGrant(user_grant_id=grant))
    assert (await idp.callback(request_id, browser)).status == 403
    await idp.stack.send(ChangeProject(project_id=project, role_check=False))
    assert "Roles" not in attributes_of(response_of(await idp.callback(request_id, browser)))


async def test_an_address_that_is_no_longer_in_the_metadata_gets_nothing(idp):
    app = await idp.app()
    browser = await idp.stack.browser()
    request_id = await idp.asked()
    await linked(idp, request_id, browser)
    changes = SAMLChanges(metadata=sp.metadata(acs=((sp.POST, f"{sp.ACS}/new"),)))
    await idp.stack.send(ChangeApp(project_id=app.project_id, app_id=app.app_id, saml=changes))
    answer = await idp.callback(request_id, browser)
    assert "SAML-ConsumerUnknown" in answer.text


async def test_an_index_or_address_chooses_among_the_registered_places(idp):
    more = (sp.POST, f"{sp.ACS}?a=1&amp;b=2"), (sp.REDIRECT, f"{sp.ACS}/r")
    await idp.app(sp.metadata(acs=((sp.POST, sp.ACS), *more)))
    page = await answered(idp, AssertionConsumerServiceIndex="1")
    assert form_of(page)[0] == f"{sp.ACS}?a=1&b=2"
    browser = await idp.stack.browser()
    page = await answered(
        idp, browser, AssertionConsumerServiceURL=f"{sp.ACS}/r", ProtocolBinding=sp.REDIRECT
    )
    assert page.status == 303
    assert page.location.startswith(f"{sp.ACS}/r?SAMLResponse=")
    assert "SigAlg=" in page.location
    assert "Signature=" in page.location


async def test_what_is_shown_is_escaped_and_no_script_but_ours_runs(idp):
    """ZA-43: target from the metadata, values escaped, a nonce in the policy."""
    await idp.app()
    evil = '"><script>alert(1)</script>'
    request_id = (await idp.redirect(idp.request(), evil)).location.rpartition("=")[2]
    browser = await idp.stack.browser()
    await linked(idp, request_id, browser)
    page = await idp.callback(request_id, browser)
    assert form_of(page)[1]["RelayState"] == evil
    assert "<script>alert" not in page.text
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
    assert f'<script nonce="{nonce}">document.forms[0].submit()</script>' in page.text
    assert "default-src 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert '<html lang="en">' in page.text
    assert "<button>" in page.text  # without scripts


async def test_sign_in_pages_elsewhere_get_the_request(idp):
    app = await idp.app()
    changes = SAMLChanges(login_version=LoginVersion.V2, login_base_uri="https://id.example/ui/")
    await idp.stack.send(ChangeApp(project_id=app.project_id, app_id=app.app_id, saml=changes))
    answer = await idp.redirect(idp.request())
    assert answer.location.startswith("https://id.example/ui/login?samlRequest=V2_")


async def test_events_have_the_names_of_the_reference(idp):
    await idp.app()
    await answered(idp)
    log = idp.stack.services.world.log
    names = [each.event.__event__ for each in await log.after(INSTANCE, 0, 999)]
    wanted = [
        "saml_request.added", "saml_request.session.linked", "saml_session.added",
        "saml_session.saml_response.added", "saml_request.succeeded", "key_pair.added",
        "key_pair.certificate.added",
    ]  # fmt: skip
    assert [name for name in names if name.startswith(("saml", "key"))] == wanted


async def test_an_unproved_address_names_nobody(idp):
    """An account elsewhere may be found by it."""
    from personae.actors.domain.user.commands import AddHuman
    from personae.actors.domain.user.values import NewContact, NewPassword, Profile

    await idp.app()
    await idp.stack.send(
        AddHuman(
            user_id="22", org_id="10", user_name="eve", profile=Profile(first_name="E", last_name="E"),
            email=NewContact(value="boss@acme.localhost"), password=NewPassword(plain=PASSWORD),
        )
    )  # fmt: skip
    browser = await idp.stack.browser("22")
    page = await answered(idp, browser, inside=wanting(EMAIL))
    assert statuses(response_of(page)) == ["Requester", "InvalidNameIDPolicy"]
    page = await answered(idp, browser)
    assert "Email" not in attributes_of(response_of(page))
