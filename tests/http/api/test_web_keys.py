"""Signing keys: made, activated, listed, deleted."""

from datetime import timedelta

import pytest
from personae.actors.workers.key_rotation import KeyRotation
from personae.http.identity.signer import signer_of

from tests.aggregates.conftest import INSTANCE, PROJECT
from tests.http.api.conftest import GUEST, OWNER
from tests.http.api.test_applications import created

SERVICE = "zitadel.webkey.v2.WebKeyService"
CREATE, ACTIVATE, DELETE, LIST = (
    f"{SERVICE}/{name}"
    for name in ("CreateWebKey", "ActivateWebKey", "DeleteWebKey", "ListWebKeys")
)
SETTINGS = "personae.application.v1.ApplicationSettingsService/SetApplicationSettings"
RSA = [
    {"rsa": {"bits": f"RSA_BITS_{bits}", "hasher": f"RSA_HASHER_SHA{sha}"}}
    for bits, sha in ((2048, 256), (3072, 384), (4096, 512))
]
OTHERS = [
    {"ecdsa": {"curve": "ECDSA_CURVE_P256"}},
    {"ecdsa": {"curve": "ECDSA_CURVE_P384"}},
    {"ecdsa": {"curve": "ECDSA_CURVE_P512"}},
    {"ed25519": {}},
]


async def keys(server):
    return {key["id"]: key for key in (await server.ok(LIST))["webKeys"]}


@pytest.mark.parametrize("kind", [*RSA, *OTHERS], ids=str)
async def test_a_key_of_every_kind_is_made_and_shown_as_it_was_asked_for(server, kind):
    made = await server.ok(CREATE, **kind)
    shown = (await keys(server))[made["id"]]
    assert shown.pop("creationDate") == shown.pop("changeDate") == made["creationDate"]
    assert shown == {"id": made["id"], "state": "STATE_INITIAL", **kind}


@pytest.mark.parametrize("kind", [{"rsa": {"bits": 9, "hasher": 1}}, {"ecdsa": {"curve": 0}}])
async def test_a_key_of_another_kind_is_refused(server, kind):
    assert await server.refused(CREATE, **kind) == "REQUEST-InvalidField"


async def test_a_key_takes_over_from_the_one_before(server):
    id_ = (await server.ok(CREATE, ed25519={}))["id"]
    assert (await server.ok(ACTIVATE, id=id_))["changeDate"]
    states = {key: shown["state"] for key, shown in (await keys(server)).items()}
    assert states == {"k1": "STATE_INACTIVE", id_: "STATE_ACTIVE"}
    await server.ok(ACTIVATE, id=id_)
    assert await server.refused(DELETE, id=id_) == "WEBKEY-StillActive"
    assert (await server.ok(DELETE, id="k1"))["deletionDate"]
    assert list(await keys(server)) == [id_]
    assert await server.refused(ACTIVATE, id="k1") == "WEBKEY-NotFound"


async def test_an_application_that_is_switched_to_fapi_gets_a_key_that_is_published(server):
    app = await created(server)
    of = {"project_id": PROJECT, "application_id": app["applicationId"]}
    own = (await server.ok(CREATE, **RSA[0]))["id"]
    await server.ok(ACTIVATE, id=own)
    before = set(await keys(server))
    for _ in range(2):  # made once
        await server.ok(SETTINGS, **of, settings={"fapi": True})
    after = await keys(server)
    (of_fapi,) = set(after) - before
    assert after[of_fapi]["ecdsa"] == {"curve": "ECDSA_CURVE_P256"}
    assert after[own]["state"] == after[of_fapi]["state"] == "STATE_ACTIVE"
    # Another key for everything else leaves it alone.
    await server.ok(ACTIVATE, id=(await server.ok(CREATE, **RSA[0]))["id"])
    states = {id_: key["state"] for id_, key in (await keys(server)).items()}
    assert (states[own], states[of_fapi]) == ("STATE_INACTIVE", "STATE_ACTIVE")
    assert await server.refused(DELETE, id=of_fapi) == "WEBKEY-StillActive"


async def test_keys_of_the_profile_rotate_among_themselves(server):
    own = (await server.ok(CREATE, **RSA[0]))["id"]
    await server.ok(ACTIVATE, id=own)
    before = set(await keys(server))
    app = await created(server)
    of = {"project_id": PROJECT, "application_id": app["applicationId"]}
    await server.ok(SETTINGS, **of, settings={"fapi": True})

    async def signs():
        server.services.keys.forget(INSTANCE)
        found = await signer_of(server.services, INSTANCE, fapi=True)
        return found.public.id, found.key.algorithm

    async def of_profile():
        return {id_: key["state"] for id_, key in (await keys(server)).items() if id_ not in before}

    views, now = server.services.projections, timedelta()
    rotation = KeyRotation(server.services.dispatch, views, life=now, keep=now)
    first, _ = await signs()
    await rotation.rotate(INSTANCE)
    (second,) = set(await of_profile()) - {first}
    assert await of_profile() == {first: "STATE_ACTIVE", second: "STATE_INITIAL"}
    await rotation.rotate(INSTANCE)
    assert await signs() == (second, "ES256")
    (third,) = set(await of_profile()) - {first, second}
    await rotation.rotate(INSTANCE)
    assert await signs() == (third, "ES256")
    assert first not in await of_profile()
    # The instance's own key, which has no successor, still signs for everybody else.
    assert (await keys(server))[own]["state"] == "STATE_ACTIVE"
    assert (await signer_of(server.services, INSTANCE, fapi=False)).public.id == own


async def test_keys_are_nobody_elses_business(server):
    for user in (OWNER, GUEST):
        for method, fields in ((CREATE, {}), (ACTIVATE, {"id": "k1"}), (DELETE, {"id": "k1"})):
            assert await server.refused(method, user, **fields) == "AUTH-PermissionDenied"
        assert await server.refused(LIST, user) == "AUTH-PermissionDenied"
