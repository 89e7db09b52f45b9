"""SAML requests answered over the API, by sign-in pages elsewhere."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.project.commands import AddSAMLApp, DeactivateApp
from personae.actors.domain.saml_request.commands import AddSAMLRequest
from personae.actors.domain.saml_request.events import SAMLRequestAdded

from tests.aggregates.conftest import INSTANCE, PASSWORD, PROJECT
from tests.http.api.conftest import GUEST, SESSION
from tests.http.saml import sp
from tests.http.saml.conftest import one, statuses

SERVICE = "zitadel.saml.v2.SAMLService"
GET, ANSWER = f"{SERVICE}/GetSAMLRequest", f"{SERVICE}/CreateResponse"
LOGIN, ID = "login-client", "V2_1"
CHECKS = {"user": {"login_name": "admin@acme.localhost"}, "password": {"password": PASSWORD}}
ELSEWHERE = f"{sp.ACS}/r"
REFUSED = {"error": "ERROR_REASON_REQUEST_DENIED", "error_description": "not <today>"}


@pytest.fixture
async def login(server):
    """The API with a service provider, and a user for sign-in pages elsewhere."""
    await server.machine(LOGIN)
    roles = ("IAM_LOGIN_CLIENT",)
    await server.send(AddInstanceMember(instance_id=INSTANCE, user_id=LOGIN, roles=roles))
    metadata = sp.metadata(acs=((sp.POST, sp.ACS), (sp.REDIRECT, ELSEWHERE)))
    await server.send(
        AddSAMLApp(
            project_id=PROJECT, app_id="a1", name="Shop", entity_id=sp.ENTITY, metadata=metadata
        )
    )
    await ask(server)
    return server


async def ask(server, id_=ID, **asked):
    given = {
        "application_id": "a1", "acs_url": sp.ACS, "binding": sp.POST, "issuer": sp.ENTITY,
        "relay_state": "state", "request_id": "_ask", "response_issuer": "http://i.test/saml/v2/metadata",
    }  # fmt: skip
    order = SAMLRequestAdded(**given | asked)
    await server.send(AddSAMLRequest(request_id=id_, instance_id=INSTANCE, asked=order))


async def session(server):
    made = await server.ok(f"{SESSION}/CreateSession", LOGIN, checks=CHECKS)
    return {"session_id": made["sessionId"], "session_token": made["sessionToken"]}


def response_of(answer):
    return etree.fromstring(base64.b64decode(answer["post"]["samlResponse"]))


async def test_a_request_is_shown_to_the_login_client(login):
    got = (await login.ok(GET, LOGIN, saml_request_id=ID))["samlRequest"]
    assert got.pop("creationDate")
    assert got == {
        "id": ID,
        "issuer": sp.ENTITY,
        "assertionConsumerService": sp.ACS,
        "relayState": "state",
        "binding": sp.POST,
    }
    # On every wire, one after the other.
    for _ in range(3):
        assert (await login.ok(GET, LOGIN, saml_request_id=ID))["samlRequest"]["id"] == ID


@pytest.mark.parametrize("number", range(3))
async def test_a_session_answers_a_request(login, number):
    del number  # each time on another wire
    answer = await login.ok(ANSWER, LOGIN, saml_request_id=ID, session=await session(login))
    assert (answer["url"], answer["post"]["relayState"]) == (sp.ACS, "state")
    assert answer["details"]["sequence"] == "3"
    response = response_of(answer)
    assert statuses(response) == ["Success"]
    assert (response.get("Destination"), response.get("InResponseTo")) == (sp.ACS, "_ask")
    assert one(response, "saml:NameID").text == "admin@acme.localhost"
    again = {"saml_request_id": ID, "session": await session(login)}
    assert await login.refused(ANSWER, LOGIN, **again) == "SAMLREQUEST-AlreadyHandled"
    denied = {"saml_request_id": ID, "error": REFUSED}
    assert await login.refused(ANSWER, LOGIN, **denied) == "SAMLREQUEST-AlreadyHandled"


async def test_an_address_takes_the_answer_where_that_is_registered(login):
    await ask(login, "V2_2", acs_url=ELSEWHERE, binding=sp.REDIRECT)
    answer = await login.ok(ANSWER, LOGIN, saml_request_id="V2_2", session=await session(login))
    assert answer["redirect"] == {}
    assert answer["url"].startswith(f"{ELSEWHERE}?SAMLResponse=")
    assert "&RelayState=state&SigAlg=" in answer["url"]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, ["VersionMismatch"]),
        (2, ["Responder", "AuthnFailed"]),
        (3, ["Requester", "InvalidAttrNameOrValue"]),
        (4, ["Requester", "InvalidNameIDPolicy"]),
        (5, ["Responder", "RequestDenied"]),
        (6, ["Responder", "RequestUnsupported"]),
        (7, ["Responder", "UnsupportedBinding"]),
    ],
)
async def test_an_error_answers_a_request(login, number, told):
    error = {"error": number, "error_description": "not <today>"}
    answer = await login.ok(ANSWER, LOGIN, saml_request_id=ID, error=error)
    response = response_of(answer)
    assert statuses(response) == told
    assert one(response, "samlp:StatusMessage").text == "not <today>"
    assert answer["url"] == sp.ACS


async def test_who_may_not_answer_learns_nothing(login):
    proof = await session(login)
    for method, more in ((GET, {}), (ANSWER, {"session": proof}), (ANSWER, {"error": REFUSED})):
        fields = {"saml_request_id": ID, **more}
        assert await login.refused(method, GUEST, **fields) == "AUTH-PermissionDenied"
        assert await login.refused(method, None, **fields) == "AUTH-Unauthenticated"
        fields["saml_request_id"] = "V2_404"
        assert await login.refused(method, LOGIN, **fields) == "SAMLREQUEST-NotFound"


async def test_a_session_must_be_proved_and_be_the_one(login):
    first, second = await session(login), await session(login)
    swapped = first | {"session_token": second["session_token"]}
    for shown in (swapped, first | {"session_token": "made-up"}):
        refused = await login.refused(ANSWER, LOGIN, saml_request_id=ID, session=shown)
        assert refused == "SESSION-TokenInvalid"
    await login.ok(f"{SESSION}/DeleteSession", LOGIN, **second)
    refused = await login.refused(ANSWER, LOGIN, saml_request_id=ID, session=second)
    assert refused in {"SESSION-TokenInvalid", "AUTHREQUEST-SessionInvalid"}
    assert await login.refused(ANSWER, LOGIN, saml_request_id=ID) == "REQUEST-InvalidField"
    for number in (0, 8):
        error = {"error": number}
        assert (
            await login.refused(ANSWER, LOGIN, saml_request_id=ID, error=error)
            == "REQUEST-InvalidField"
        )


async def test_a_request_does_not_wait_for_ever(login):
    proof = await session(login)
    login.services.world.now = lambda: datetime.now(UTC) + timedelta(hours=1)
    refused = await login.refused(ANSWER, LOGIN, saml_request_id=ID, session=proof)
    assert refused == "SAMLREQUEST-Expired"


async def test_a_session_must_be_as_new_and_as_strong_as_was_asked(login):
    proof = await session(login)
    await ask(login, "V2_2", force_authn=True)
    refused = await login.refused(ANSWER, LOGIN, saml_request_id="V2_2", session=proof)
    assert refused == "AUTHREQUEST-SessionTooOld"
    await ask(login, "V2_3", authn_contexts=("https://refeds.org/profile/mfa",), comparison="exact")
    refused = await login.refused(ANSWER, LOGIN, saml_request_id="V2_3", session=proof)
    assert refused == "SAMLREQUEST-ContextUnmet"


async def test_a_service_provider_that_rests_is_told_nothing(login):
    proof = await session(login)
    await ask(login, "V2_2", acs_url="https://evil.example/acs")
    refused = await login.refused(ANSWER, LOGIN, saml_request_id="V2_2", error=REFUSED)
    assert refused == "SAML-ConsumerUnknown"
    await login.send(DeactivateApp(project_id=PROJECT, app_id="a1"))
    for how in ({"session": proof}, {"error": REFUSED}):
        refused = await login.refused(ANSWER, LOGIN, saml_request_id=ID, **how)
        assert refused == "SAML-ProviderUnknown"
