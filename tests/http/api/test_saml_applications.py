"""SAML service providers as applications: described by metadata, sent or fetched."""

import base64

import pytest

from tests.aggregates.conftest import PROJECT
from tests.http.api.conftest import GUEST
from tests.http.saml import sp

SERVICE = "zitadel.application.v2.ApplicationService"
CREATE, GET, LIST = (
    f"{SERVICE}/{name}" for name in ("CreateApplication", "GetApplication", "ListApplications")
)
UPDATE, DELETE = f"{SERVICE}/UpdateApplication", f"{SERVICE}/DeleteApplication"
URL = "https://sp.example/metadata"


def encoded(xml):
    return base64.b64encode(xml).decode()


async def created(server, name="S", **config):
    config = config or {"metadata_xml": encoded(sp.metadata())}
    answer = await server.ok(CREATE, project_id=PROJECT, name=name, saml_configuration=config)
    return answer["applicationId"]


async def shown(server, app_id):
    return (await server.ok(GET, application_id=app_id))["application"]["samlConfiguration"]


@pytest.fixture
def fetched(server):
    """What is at addresses; everything else is unreachable."""
    pages = {}

    async def fetch(url, longest):
        found = pages.get(url)
        return None if found is None or len(found) > longest else found

    server.services.fetch = fetch
    return pages


async def test_metadata_is_kept_as_it_was_sent(server):
    app_id = await created(server)
    assert await shown(server, app_id) == {"metadataXml": encoded(sp.metadata())}
    app = (await server.ok(GET, application_id=app_id))["application"]
    assert app["state"] == "APPLICATION_STATE_ACTIVE"


async def test_metadata_is_fetched_from_its_address(server, fetched):
    fetched[URL] = sp.metadata()
    app_id = await created(server, metadata_url=URL)
    assert await shown(server, app_id) == {"metadataXml": encoded(fetched[URL]), "metadataUrl": URL}
    fetched[URL] = sp.metadata(acs=((sp.POST, f"{sp.ACS}/new"),))
    of = {"project_id": PROJECT, "application_id": app_id}
    await server.ok(UPDATE, **of, saml_configuration={"metadata_url": URL})
    assert (await shown(server, app_id))["metadataXml"] == encoded(fetched[URL])
    fields = {
        "project_id": PROJECT,
        "name": "T",
        "saml_configuration": {"metadata_url": f"{URL}/2"},
    }
    assert await server.refused(CREATE, **fields) == "APP-SamlMetadataUnreachable"


BAD = {
    "not xml": b"metadata",
    "a bomb": b'<!DOCTYPE l [<!ENTITY a "ha">]><l>&a;</l>',
    "no provider": b'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="e"/>',
    "a script": sp.metadata(acs=((sp.POST, "javascript:alert(1)"),)),
    "http": sp.metadata(acs=((sp.POST, "http://sp.example/acs"),)),
    "over": sp.metadata().replace(b" entityID", b' validUntil="2020-01-01T00:00:00Z" entityID'),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_metadata_is_refused(server, name):
    fields = {
        "project_id": PROJECT,
        "name": "S",
        "saml_configuration": {"metadata_xml": encoded(BAD[name])},
    }
    assert await server.refused(CREATE, **fields) == "APP-SamlMetadataInvalid"


async def test_metadata_must_be_there(server):
    fields = {"project_id": PROJECT, "name": "S", "saml_configuration": {}}
    assert await server.refused(CREATE, **fields) == "REQUEST-InvalidField"
    assert (
        await server.refused(
            CREATE,
            GUEST,
            **fields | {"saml_configuration": {"metadata_xml": encoded(sp.metadata())}},
        )
        == "AUTH-PermissionDenied"
    )


async def test_a_name_is_of_one_service_provider_only(server):
    app_id = await created(server)
    other = {
        "project_id": PROJECT,
        "name": "Other",
        "saml_configuration": {"metadata_xml": encoded(sp.metadata())},
    }
    assert await server.refused(CREATE, **other) == "APP-EntityIdTaken"
    second = await created(server, "Second", metadata_xml=encoded(sp.metadata("urn:second")))
    of = {"project_id": PROJECT, "application_id": second}
    change = {"metadata_xml": encoded(sp.metadata())}
    assert await server.refused(UPDATE, **of, saml_configuration=change) == "APP-EntityIdTaken"
    await server.ok(DELETE, project_id=PROJECT, application_id=app_id)
    await server.ok(UPDATE, **of, saml_configuration=change)
    await created(server, "Third", metadata_xml=encoded(sp.metadata("urn:second")))


async def test_sign_in_pages_elsewhere(server):
    login = {"login_v2": {"base_uri": "https://login.example"}}
    app_id = await created(server, metadata_xml=encoded(sp.metadata()), login_version=login)
    assert (await shown(server, app_id))["loginVersion"] == {
        "loginV2": {"baseUri": "https://login.example"}
    }
    of = {"project_id": PROJECT, "application_id": app_id}
    await server.ok(UPDATE, **of, saml_configuration={"login_version": {"login_v1": {}}})
    assert (await shown(server, app_id))["loginVersion"] == {"loginV1": {}}
    assert (await shown(server, app_id))["metadataXml"] == encoded(sp.metadata())
    bad = {"login_version": {"login_v2": {"base_uri": "javascript:alert(1)"}}}
    assert await server.refused(UPDATE, **of, saml_configuration=bad) == "APP-LoginUriInvalid"


async def test_another_kind_of_application_stays_what_it_is(server):
    answer = await server.ok(CREATE, project_id=PROJECT, name="A", api_configuration={})
    of = {"project_id": PROJECT, "application_id": answer["applicationId"]}
    config = {"metadata_xml": encoded(sp.metadata())}
    assert await server.refused(UPDATE, **of, saml_configuration=config) == "APP-OtherType"
    saml = {"project_id": PROJECT, "application_id": await created(server)}
    assert await server.refused(UPDATE, **saml, api_configuration={}) == "APP-OtherType"
    assert (
        await server.refused(f"{SERVICE}/GenerateClientSecret", **saml) == "APP-NoSecretForMethod"
    )


async def test_lists_find_service_providers(server):
    app_id = await created(server)
    await created(server, "Second", metadata_xml=encoded(sp.metadata("urn:second")))
    for wanted in ({"entity_id_filter": {"entity_id": sp.ENTITY}}, {"name_filter": {"name": "S"}}):
        found = await server.ok(LIST, filters=[wanted, {"type_filter": "APPLICATION_TYPE_SAML"}])
        assert [each["applicationId"] for each in found["applications"]] == [app_id]


async def test_the_older_package_says_the_same(server):
    beta = "zitadel.app.v2beta.AppService"
    request = {"metadata_xml": encoded(sp.metadata())}
    new = await server.ok(
        f"{beta}/CreateApplication", project_id=PROJECT, name="S", saml_request=request
    )
    assert new["samlResponse"] == {}
    app = await server.ok(f"{beta}/GetApplication", id=new["appId"])
    assert app["app"]["samlConfig"] == {"metadataXml": encoded(sp.metadata())}
