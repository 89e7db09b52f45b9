"""Organisations' domains, their proof, and metadata."""

import asyncio
from base64 import b64encode
from dataclasses import replace

import dns.message
import dns.rdata
import dns.rrset
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from dns.asyncresolver import Resolver
from personae.actors.domain.addresses import is_public
from personae.actors.domain.org.values import ValidationType
from personae.actors.domain.policies import DomainPolicy
from personae.http.api import domain_proof
from personae.http.api.domain_proof import Proofs, PublicResolver

from tests.aggregates.conftest import ORG, POLICIES, SETUP
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, add_root, running

SERVICE = "zitadel.org.v2.OrganizationService"
METADATA = {"metadata": [{"key": "colour", "value": b64encode(b"red").decode()}]}
CALLS = {
    "AddOrganizationDomain": {"domain": "x.test"},
    "DeleteOrganizationDomain": {"domain": "x.test"},
    "GenerateOrganizationDomainValidation": {"domain": "x.test", "type": 1},
    "VerifyOrganizationDomain": {"domain": "x.test"},
    "SetOrganizationMetadata": METADATA,
    "DeleteOrganizationMetadata": {"keys": ["colour"]},
}


def call(method):
    return f"{SERVICE}/{method}"


class Names(AbstractResolver):
    """Knows one address for every host."""

    def __init__(self, address="127.0.0.1"):
        self.address = address

    async def resolve(self, host, port=0, family=0):
        found = {"hostname": host, "host": self.address, "port": port}
        return [found | {"family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        pass


class Site:
    """A web server whose paths answer what they are told; counts who asks."""

    def __init__(self):
        self.files, self.asked = {}, 0

    async def answer(self, request):
        self.asked += 1
        found = self.files.get(request.path, 404)
        if isinstance(found, int):
            return web.Response(status=found)
        if found.startswith("http"):
            raise web.HTTPFound(found)
        return web.Response(text=found)


@pytest.fixture
async def site():
    site, app = Site(), web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


def proofs(site, **more):
    usual = {"origin": f"http://{{domain}}:{site.port}", "names": Names}
    return Proofs(**usual | {"permitted": lambda _address: True} | more)


@pytest.fixture
async def strict(used_database):
    """Domains must be proved."""
    policies = replace(POLICIES, domain=DomainPolicy(validate_org_domains=True))
    async with running(used_database, replace(SETUP, policies=policies)) as api:
        await add_root(api)
        yield api


async def domains(server, user=ROOT, org_id=ORG, **more):
    found = await server.ok(call("ListOrganizationDomains"), user, organization_id=org_id, **more)
    return {one["domain"]: one for one in found.get("domains", ())}


async def asked(server, kind="DOMAIN_VALIDATION_TYPE_HTTP"):
    of = {"organization_id": ORG, "domain": "shop.test"}
    await server.ok(call("AddOrganizationDomain"), **of)
    method = call("GenerateOrganizationDomainValidation")
    return of, await server.ok(method, **of, type=kind)


async def test_a_domain_counts_at_once_where_no_proof_is_asked_for(server):
    of = {"organization_id": ORG, "domain": "Shop.test"}
    assert (await server.ok(call("AddOrganizationDomain"), **of))["creationDate"]
    shown = (await domains(server))["shop.test"]
    assert shown == {"organizationId": ORG, "domain": "shop.test", "isVerified": True}
    assert await server.refused(call("AddOrganizationDomain"), **of) == "ORG-DomainAlreadyExists"
    taken = await server.refused(
        call("AddOrganizationDomain"), **of | {"organization_id": OTHER_ORG}
    )
    assert taken == "ORG-DomainTaken"
    await server.ok(call("DeleteOrganizationDomain"), **of)
    assert "shop.test" not in await domains(server)


async def test_the_primary_domain_is_shown_and_stays(server):
    [(domain, shown)] = (await domains(server)).items()
    assert shown["isPrimary"]
    assert shown["isVerified"]
    refused = await server.refused(
        call("DeleteOrganizationDomain"), organization_id=ORG, domain=domain
    )
    assert refused == "ORG-DomainIsPrimary"


async def test_domains_are_filtered_and_sorted(server):
    await server.ok(call("AddOrganizationDomain"), organization_id=ORG, domain="zoo.test")
    query = {"domainFilter": {"domain": "zoo", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}
    assert list(await domains(server, filters=[query])) == ["zoo.test"]
    for column in range(3):
        up = list(await domains(server, sorting_column=column, pagination={"asc": True}))
        assert up == list(await domains(server, sorting_column=column))[::-1]


async def test_a_file_on_the_domain_proves_it(strict, site, monkeypatch):
    monkeypatch.setattr(domain_proof, "PROOFS", proofs(site))
    of, answer = await asked(strict)
    path = f"/.well-known/zitadel-challenge/{answer['token']}.txt"
    assert answer["url"] == f"http://shop.test:{site.port}{path}"
    assert await strict.refused(call("VerifyOrganizationDomain"), **of) == "ORG-DomainNotProved"
    site.files[path] = f"{answer['token']}\n"
    assert (await strict.ok(call("VerifyOrganizationDomain"), **of))["changeDate"]
    assert (await domains(strict))["shop.test"]["isVerified"]
    refused = await strict.refused(call("VerifyOrganizationDomain"), **of)
    assert refused == "ORG-DomainAlreadyVerified"


async def test_a_proof_must_be_asked_for_first(strict):
    of = {"organization_id": ORG, "domain": "shop.test"}
    verify = call("VerifyOrganizationDomain")
    assert await strict.refused(verify, **of) == "ORG-DomainNotFound"
    await strict.ok(call("AddOrganizationDomain"), **of)
    assert await strict.refused(verify, **of) == "ORG-DomainNoValidation"
    of["organization_id"] = "none"
    assert await strict.refused(verify, **of) == "ORG-NotFound"


async def test_nobody_is_followed_elsewhere(site):
    """ZA-66: the host that is asked sends the server to a place of its own choice."""
    http = proofs(site)
    path = "/.well-known/zitadel-challenge/t.txt"
    site.files |= {path: f"http://shop.test:{site.port}/canary", "/canary": "t"}
    assert not await http.found(ValidationType.HTTP, "shop.test", "t")
    assert site.asked == 1


async def test_a_name_that_leads_inside_is_not_asked(site):
    site.files["/.well-known/zitadel-challenge/t.txt"] = "t"
    inside = proofs(site, permitted=is_public)
    assert not await inside.found(ValidationType.HTTP, "shop.test", "t")
    assert site.asked == 0
    assert await proofs(site).found(ValidationType.HTTP, "shop.test", "t")


async def test_one_address_inside_among_others_is_enough_to_be_not_asked():
    for address in ("10.0.0.1", "64:ff9b::7f00:1"):
        with pytest.raises(OSError):
            await PublicResolver(Names(address), is_public).resolve("x.test")


@pytest.mark.parametrize("method", CALLS)
async def test_organisations_are_changed_only_with_the_permission(server, method):
    for user in (OWNER, GUEST):
        refused = await server.refused(call(method), user, organization_id=ORG, **CALLS[method])
        assert refused == "AUTH-PermissionDenied"


async def test_what_one_may_not_see_is_not_there(server):
    await server.ok(call("SetOrganizationMetadata"), organization_id=ORG, **METADATA)
    assert await domains(server, OWNER) == {}
    found = await server.ok(call("ListOrganizationMetadata"), OWNER, organization_id=ORG)
    assert "metadata" not in found
    assert found["pagination"] == {"appliedLimit": "100"}


async def test_metadata_is_set_listed_and_deleted(server):
    of = {"organization_id": ORG}
    assert (await server.ok(call("SetOrganizationMetadata"), **of, **METADATA))["setDate"]
    query = {"keyFilter": {"key": "col", "method": "TEXT_FILTER_METHOD_STARTS_WITH"}}
    [entry] = (await server.ok(call("ListOrganizationMetadata"), **of, filters=[query]))["metadata"]
    assert (entry["key"], entry["value"]) == ("colour", b64encode(b"red").decode())
    delete = call("DeleteOrganizationMetadata")
    assert (await server.ok(delete, **of, keys=["colour"]))["deletionDate"]
    assert await server.refused(delete, **of, keys=["colour"]) == "ORG-MetadataNotFound"
    assert await server.refused(call("SetOrganizationMetadata"), **of) == "ORG-MetadataEmpty"


class Record(asyncio.DatagramProtocol):
    """A name server that knows one TXT record."""

    def __init__(self, name, text):
        self.zone = {f"{name}.": text}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        asked = dns.message.from_wire(data)
        reply = dns.message.make_response(asked)
        question = asked.question[0]
        text = self.zone.get(question.name.to_text())
        if text:
            found = dns.rrset.from_text(question.name, 60, "IN", "TXT", f'"other" "{text}"')
            reply.answer.append(found)
            reply.answer[0].add(dns.rdata.from_text("IN", "TXT", f'"{text}"'))
        self.transport.sendto(reply.to_wire(), peer)


@pytest.fixture
async def record():
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: Record("_zitadel-challenge.shop.test", "t"), local_addr=("127.0.0.1", 0)
    )
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    yield Proofs(txt=lambda: resolver), server
    transport.close()


async def test_a_txt_record_of_the_domain_proves_it(record):
    http, _ = record
    assert http.url(ValidationType.DNS, "shop.test", "t") == "_zitadel-challenge.shop.test"
    assert await http.found(ValidationType.DNS, "shop.test", "t")
    assert not await http.found(ValidationType.DNS, "shop.test", "u")
    assert not await http.found(ValidationType.DNS, "other.test", "t")


async def test_the_token_of_a_record_is_told_and_looked_for(strict, record, monkeypatch):
    proofs_, server = record
    monkeypatch.setattr(domain_proof, "PROOFS", proofs_)
    of, answer = await asked(strict, "DOMAIN_VALIDATION_TYPE_DNS")
    assert answer["url"] == "_zitadel-challenge.shop.test"
    assert await strict.refused(call("VerifyOrganizationDomain"), **of) == "ORG-DomainNotProved"
    server.zone["_zitadel-challenge.shop.test."] = answer["token"]
    assert await strict.ok(call("VerifyOrganizationDomain"), **of)
    assert (await domains(strict))["shop.test"]["validationType"] == "DOMAIN_VALIDATION_TYPE_DNS"


async def test_permission_is_asked_for_in_the_organisation_that_a_domain_names(server):
    """The door resolves the domain: OWNER may create users in the other organisation only."""
    [theirs] = await domains(server, org_id=OTHER_ORG)
    [ours] = await domains(server)
    human = {
        "username": "new",
        "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
        "email": {"email": "gigi@example.com", "is_verified": True},
    }
    method = "zitadel.user.v2.UserService/AddHumanUser"
    assert await server.ok(method, OWNER, **human, organization={"org_domain": theirs})
    human["username"] = "other"
    refused = await server.refused(method, OWNER, **human, organization={"org_domain": ours})
    assert refused == "AUTH-PermissionDenied"
    unknown = {"org_domain": "none.test"}
    assert await server.refused(method, OWNER, **human, organization=unknown) == "ORG-NotFound"
