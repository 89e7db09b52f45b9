"""Keys, ids and secrets: made once, shown once, and usable."""

from itertools import pairwise

import bcrypt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from personae.actors.aggregates import ids
from personae.actors.aggregates.ids import Ids
from personae.actors.aggregates.keys import usable_public_key
from personae.actors.domain.kit import Caller
from personae.actors.domain.project import commands as projects
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod
from personae.actors.domain.user import commands as users
from personae.actors.domain.user import refusals
from personae.actors.domain.user.values import NewContact, NewPassword
from personae.actors.domain.web_key.commands import AddWebKey, RemoveWebKey
from personae.actors.domain.web_key.refusals import STILL_ACTIVE
from personae.store.passwords import COSTLY_HASH, UNKNOWN_HASH

from tests.aggregates.conftest import INSTANCE, PROJECT, ROBOT, caller, human, refused


def pem(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_ids_are_digits_that_grow():
    one = Ids()
    made = [one.new() for _ in range(2000)]
    numbers = [int(each) for each in made]
    assert all(earlier < later for earlier, later in pairwise(numbers))
    assert all(each.isdecimal() and int(each) < 2**63 for each in made)


def test_ids_never_go_back_even_when_the_clock_does(monkeypatch):
    one = Ids()
    first = int(one.new())
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_800_000_000_000_000_000 - 10**18)
    assert int(one.new()) > first


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["RSA", "EC", "Ed25519"],
)
def test_a_public_key_of_a_known_kind_is_kept_as_it_is(private):
    assert usable_public_key(pem(private)) == pem(private)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"nonsense",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        pem(rsa.generate_private_key(65537, 1024)),
        pem(ed25519.Ed25519PrivateKey.generate()) + b"x" * 20_000,
    ],
)
def test_a_key_that_is_none_or_weak_or_endless_is_not_kept(given):
    assert usable_public_key(given) == b""


async def test_a_machine_key_is_made_and_its_private_half_shown_once(dispatch):
    done = await dispatch.send(users.AddMachineKey(user_id=ROBOT, key_id="k"), caller())
    private = load_pem_private_key(done.secrets["private_key"].encode(), None)
    state = await dispatch.state(INSTANCE, "user", ROBOT)
    assert state.machine.keys["k"].public_key == pem(private)
    assert done.secrets["private_key"] not in repr(await dispatch.world.log.stream(done.stream))


async def test_a_machine_key_brought_along_has_no_secret(dispatch):
    public = pem(ec.generate_private_key(ec.SECP256R1()))
    order = users.AddMachineKey(user_id=ROBOT, key_id="k", public_key=public)
    assert (await dispatch.send(order, caller())).secrets == {}
    bad = users.AddMachineKey(user_id=ROBOT, key_id="k2", public_key=b"nonsense")
    await refused(refusals.KEY_INVALID, dispatch.send(bad, caller()))


async def test_a_machine_secret_is_stored_as_a_hash(dispatch):
    done = await dispatch.send(users.SetMachineSecret(user_id=ROBOT), caller())
    kept = (await dispatch.state(INSTANCE, "user", ROBOT)).machine.hashed_secret
    assert kept
    assert done.secrets["client_secret"] not in kept
    await dispatch.send(users.RemoveMachineSecret(user_id=ROBOT), caller())


@pytest.mark.parametrize(
    ("method", "secret"),
    [
        (AuthMethod.BASIC, True),
        (AuthMethod.POST, True),
        (AuthMethod.NONE, False),
        (AuthMethod.PRIVATE_KEY_JWT, False),
    ],
)
async def test_only_clients_that_show_a_secret_get_one(dispatch, method, secret):
    client = projects.NewOIDCClient(auth_method_type=method)
    order = projects.AddOIDCApp(
        project_id=PROJECT, app_id="40", client_id="40", name="A", client=client
    )
    done = await dispatch.send(order, caller())
    assert ("client_secret" in done.secrets) is secret
    again = dispatch.send(projects.SetClientSecret(project_id=PROJECT, app_id="40"), caller())
    if secret:
        assert (await again).secrets != done.secrets
    else:
        await refused(project_refusals.NO_SECRET, again)


@pytest.mark.parametrize(
    ("method", "secret"), [(APIAuthMethod.BASIC, True), (APIAuthMethod.PRIVATE_KEY_JWT, False)]
)
async def test_only_apis_that_show_a_secret_get_one(dispatch, method, secret):
    """An API's private_key_jwt has the number of a client's POST."""
    order = projects.AddAPIApp(
        project_id=PROJECT, app_id="40", client_id="40", name="A", auth_method=method
    )
    assert ("client_secret" in (await dispatch.send(order, caller())).secrets) is secret
    key = projects.AddAppKey(project_id=PROJECT, app_id="40", key_id="k")
    assert "private_key" in (await dispatch.send(key, caller())).secrets


@pytest.mark.parametrize(
    ("algorithm", "kty"),
    [("RS256", "RSA"), ("ES256", "EC"), ("ES384", "EC"), ("ES512", "EC"), ("EdDSA", "OKP")],
)
async def test_signing_keys_are_published_as_jwk_and_kept_sealed(dispatch, algorithm, kty):
    order = AddWebKey(key_id="k9", instance_id=INSTANCE, algorithm=algorithm)
    await dispatch.send(order, caller())
    key = await dispatch.state(INSTANCE, "web_key", "k9")
    assert (key.public_key["kty"], key.public_key["kid"], key.public_key["alg"]) == (
        kty,
        "k9",
        algorithm,
    )
    assert "d" not in key.public_key
    assert "PRIVATE" not in key.private_key.crypted
    await dispatch.send(RemoveWebKey(key_id="k9"), caller())
    await refused(STILL_ACTIVE, dispatch.send(RemoveWebKey(key_id="k1"), caller()))


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("plain", UNKNOWN_HASH),
        ("$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHQ$" + "YQ" * 22, COSTLY_HASH),
    ],
)
async def test_a_hash_that_cannot_be_verified_is_not_imported(dispatch, encoded, reason):
    order = human("50", password=NewPassword(encoded_hash=encoded))
    await refused(reason, dispatch.send(order, caller()))


async def test_a_hash_of_older_make_is_replaced_at_the_first_login(dispatch):
    old = bcrypt.hashpw(b"Correct-Horse-1", bcrypt.gensalt(4)).decode()
    await dispatch.send(human("50", password=NewPassword(encoded_hash=old)), caller())
    check = users.CheckPassword(user_id="50", password="Correct-Horse-1")
    await dispatch.send(check, caller())
    kept = (await dispatch.state(INSTANCE, "user", "50")).human.password_hash
    assert kept.startswith("$argon2id$")


async def test_a_full_queue_of_hashing_says_busy(dispatch, world, monkeypatch):
    async def full(*_):
        raise world._busy

    monkeypatch.setattr(world._pool, "run", full)
    await refused(refusals.TOO_BUSY, dispatch.send(human("50"), caller()))


async def test_the_system_needs_no_membership(dispatch):
    system = Caller.of_system(INSTANCE)
    done = await dispatch.send(human("50", phone=NewContact(value="+49", return_code=True)), system)
    assert set(done.secrets) == {"phone_code"}
