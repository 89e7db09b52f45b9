"""People who sign in with name and password of a directory: a real slapd."""

import socket

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from personae.actors.domain.idp.values import IdpKind
from personae.actors.domain.kit import Caller, Refusal
from personae.http.identity.federation.directory import Login, person_filter
from personae.http.identity.guesses import Guesses

from tests.aggregates.conftest import INSTANCE
from tests.http.certificates import certificate
from tests.http.federation import slapd
from tests.http.oidc.conftest import SYSTEM

pytestmark = pytest.mark.skipif(
    slapd.found()[0] is None, reason="needs slapd: sh tests/need_slapd.sh"
)
SETTINGS = {
    "base_dn": slapd.BASE,
    "bind_dn": slapd.ADMIN,
    "user_object_classes": ("inetOrgPerson",),
    "user_filters": ("uid", "mail"),
    "id_attribute": "employeeNumber",
    "first_name_attribute": "givenName",
    "last_name_attribute": "sn",
    "preferred_username_attribute": "uid",
    "email_attribute": "mail",
}
GIGI = Login("gigi", "Gigi-Secret-1")


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with slapd.directory(tmp_path_factory.mktemp("slapd")) as port:
        yield port


@pytest.fixture
async def idp(us, port):
    return await us.idp(
        IdpKind.LDAP, secret=slapd.PASSWORD, servers=(f"ldap://127.0.0.1:{port}",), **SETTINGS
    )


async def refused(us, idp_id, login):
    with pytest.raises(Refusal) as refusal:
        await us.intents.start_directory(SYSTEM, idp_id, login)
    return refusal.value.id


@pytest.mark.parametrize("name", ["gigi", "gigi@example.com", " GIGI "])
async def test_somebody_signs_in_with_name_or_address(us, idp, name):
    done = await us.intents.start_directory(SYSTEM, idp, Login(name, GIGI.password))
    intent = await us.intents.usable(done.intent_id, done.token)
    assert (intent.idp_user_id, intent.idp_user_name) == ("0", "gigi")
    assert intent.attributes["mail"] == ["gigi@example.com"]
    assert orjson.loads(intent.idp_user)["sn"] == ["Giraffe"]
    assert "userPassword" not in intent.attributes
    told = await us.services.world.log.after(INSTANCE, 0, 1000)
    assert GIGI.password not in str([each.event for each in told])


WRONG = {
    "another password": Login("gigi", "Twin-Secret-1"),
    "an empty one": Login("gigi", ""),
    "one that ends early": Login("gigi", "Gigi-Secret-1\0x"),
    "nobody": Login("nobody", "x"),
    "no name": Login("  ", "x"),
    "everybody": Login("*", "Gigi-Secret-1"),
    "one of everybody": Login("gig*", "Gigi-Secret-1"),
    "a filter": Login("gigi)(uid=*", "Gigi-Secret-1"),
    "two people": Login("twin", "Twin-Secret-1"),
}


@pytest.mark.parametrize("login", WRONG.values(), ids=WRONG)
async def test_who_is_not_one_with_this_password_is_refused_in_one_way(us, idp, login):
    assert await refused(us, idp, login) == "IDP-CredentialsWrong"


async def test_a_name_with_a_star_is_only_a_name(us, idp):
    done = await us.intents.start_directory(SYSTEM, idp, Login("star*", "Star-Secret-1"))
    assert (await us.state(done.intent_id)).idp_user_name == "star*"
    whole = person_filter(await us.intents.idp(idp), "a*)(\\")
    assert whole == (
        "(&(&(objectClass=inetOrgPerson))(|(uid=a\\2a\\29\\28\\5c)(mail=a\\2a\\29\\28\\5c)))"
    )


async def test_people_may_bind_by_an_attribute(us, port):
    servers = (f"ldap://127.0.0.1:{port}",)
    idp = await us.idp(
        IdpKind.LDAP, secret=slapd.PASSWORD, servers=servers, user_base="mail", **SETTINGS
    )
    # "gigi@example.com" is no DN, so that nobody can bind as it.
    assert await refused(us, idp, GIGI) == "IDP-CredentialsWrong"


async def test_servers_are_tried_in_their_order(us, port):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"ldap://127.0.0.1:{closed.getsockname()[1]}"
        alive = f"ldap://127.0.0.1:{port}"
        idp = await us.idp(IdpKind.LDAP, secret=slapd.PASSWORD, servers=(dead, alive), **SETTINGS)
        assert await us.intents.start_directory(SYSTEM, idp, GIGI)
        idp = await us.idp(IdpKind.LDAP, secret=slapd.PASSWORD, servers=(dead,), **SETTINGS)
        assert await refused(us, idp, GIGI) == "IDP-Unreachable"


async def test_our_own_wrong_password_is_not_the_persons(us, port):
    servers = (f"ldap://127.0.0.1:{port}",)
    idp = await us.idp(IdpKind.LDAP, secret="wrong", servers=servers, **SETTINGS)
    assert await refused(us, idp, GIGI) == "IDP-Untrusted"


async def test_guessing_is_slow(us, idp):
    us.services.guesses = Guesses(most=3)
    for _ in range(3):
        assert await refused(us, idp, Login("gigi", "wrong")) == "IDP-CredentialsWrong"
    assert await refused(us, idp, GIGI) == "IDP-TooManyGuesses"
    assert await refused(us, idp, Login("GIGI ", GIGI.password)) == "IDP-TooManyGuesses"


async def test_only_who_may_open_sessions_tries_passwords(us, idp):
    with pytest.raises(Refusal, match="AUTH-PermissionDenied"):
        await us.intents.start_directory(Caller(instance_id=INSTANCE), idp, GIGI)


async def test_a_server_is_spoken_to_in_secret_and_only_if_it_is_the_one(us, tmp_path):
    authority = certificate("authority")
    ours = certificate("server", issuer=authority, names=[x509.DNSName("localhost")])
    files = (tmp_path / "cert.pem", tmp_path / "key.pem")
    files[0].write_text(ours.pem)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files[1].write_bytes(ours.key.private_bytes(*form))
    with slapd.directory(tmp_path, certificate=files) as port:
        known = {"root_ca": authority.pem.encode(), "start_tls": True, **SETTINGS}
        for servers, settings, fine in (
            ((f"ldap://localhost:{port}",), known, True),
            ((f"ldap://127.0.0.1:{port}",), known, False),  # the certificate is another's
            ((f"ldap://localhost:{port}",), {**known, "root_ca": b""}, False),
        ):
            idp = await us.idp(IdpKind.LDAP, secret=slapd.PASSWORD, servers=servers, **settings)
            if fine:
                assert await us.intents.start_directory(SYSTEM, idp, GIGI)
            else:
                assert await refused(us, idp, GIGI) in {"IDP-Unreachable", "IDP-Untrusted"}
