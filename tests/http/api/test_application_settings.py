"""What profiles of OAuth know of an application, over the API."""

import pytest
from personae.http.identity.certificates import certificate_of

from tests.aggregates.conftest import PROJECT
from tests.http.api.conftest import GUEST, OWNER
from tests.http.api.test_applications import created
from tests.http.certificates import certificate

SERVICE = "personae.application.v1.ApplicationSettingsService"
SET, GET = f"{SERVICE}/SetApplicationSettings", f"{SERVICE}/GetApplicationSettings"


@pytest.fixture
async def of(server):
    app = await created(server)
    return {"project_id": PROJECT, "application_id": app["applicationId"]}


async def shown(server, of):
    return (await server.ok(GET, **of))["settings"]


async def test_what_is_set_is_read_and_what_is_not_given_stays(server, of):
    made = certificate()
    settings = {
        "fapi": True,
        "certificate_bound_access_tokens": True,
        "certificate_method": "CERTIFICATE_METHOD_SELF_SIGNED",
        "certificates": {"values": [made.pem]},
        "resources": {"values": ["https://api.example.com/v1"]},
        "ask_consent": True,
        "jwks_uri": "https://app.example.com/keys",
    }
    assert (await server.ok(SET, **of, settings=settings))["changeDate"]
    found = await shown(server, of)
    assert found["fapi"] is found["certificateBoundAccessTokens"] is True
    assert found["certificates"] == {"values": [certificate_of(made.pem).thumbprint]}
    assert found["resources"] == settings["resources"]
    assert found["askConsent"] is True
    assert found["jwksUri"] == settings["jwks_uri"]
    await server.ok(SET, **of, settings={"fapi": False, "resources": {}})
    found = await shown(server, of)
    assert not found.get("fapi")
    assert not found["resources"].get("values")
    assert found["certificateMethod"] == settings["certificate_method"]


async def test_the_name_of_a_certificate_is_one_of_five(server, of):
    subject = {"san_dns": "client.example.com"}
    settings = {"certificate_method": "CERTIFICATE_METHOD_CA", "certificate_subject": subject}
    await server.ok(SET, **of, settings=settings)
    found = await shown(server, of)
    assert found["certificateSubject"] == {"sanDns": "client.example.com"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"resources": {"values": ["/relative"]}}, "APP-ResourceInvalid"),
        ({"certificates": {"values": ["no certificate"]}}, "APP-CertificateInvalid"),
        ({"certificate_method": "CERTIFICATE_METHOD_CA"}, "APP-CertificateMissing"),
        ({"certificate_method": 9}, "REQUEST-InvalidField"),
        ({"front_channel_logout_uri": "https://evil.example"}, "APP-LogoutUriInvalid"),
        ({"jwks_uri": "http://app.example.com/keys"}, "APP-KeysUriInvalid"),
        ({"jwks_uri": "https://me@app.example.com/keys"}, "APP-KeysUriInvalid"),
        ({"resources": {"values": ["urn:x"] * 51}}, "REQUEST-InvalidField"),
    ],
)
async def test_settings_that_mean_nothing_are_refused(server, of, settings, reason):
    assert await server.refused(SET, **of, settings=settings) == reason


async def test_a_resource_belongs_to_one_application(server, of):
    settings = {"resources": {"values": ["https://one.example"]}}
    await server.ok(SET, **of, settings=settings)
    other = await created(server, "Other")
    of = {"project_id": PROJECT, "application_id": other["applicationId"]}
    assert await server.refused(SET, **of, settings=settings) == "APP-ResourceTaken"


async def test_settings_are_for_those_who_may_write_and_read_applications(server, of):
    for user in (GUEST, OWNER):
        refused = await server.refused(SET, user, **of, settings={"fapi": True})
        assert refused == "AUTH-PermissionDenied"
        assert await server.refused(GET, user, **of) == "APP-NotFound"
