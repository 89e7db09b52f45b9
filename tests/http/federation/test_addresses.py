"""Into our own network nobody is sent by an identity provider's settings (B-38, ZA-50)."""

import pytest
from personae.actors.domain.idp.values import IdpKind
from personae.actors.domain.kit import Refusal
from personae.http.identity.federation.directory import Login

from tests.http.federation.conftest import Us, parameters, site
from tests.http.oidc.conftest import SYSTEM

INSIDE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost",
    "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
)  # fmt: skip


@pytest.fixture
async def careful(clock):
    """A site that calls public addresses only, as sites do unless told otherwise."""
    async with site(clock, private=False) as stack:
        yield Us(stack)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", INSIDE)
async def test_metadata_keys_tokens_and_users_are_not_fetched_inside(careful, canary, host, scheme):
    inside = f"{scheme}://{host}:{canary.port}"
    oidc = await careful.idp(issuer=inside, client_id="us")
    with pytest.raises(Refusal, match="IDP-Unreachable"):
        await careful.start(oidc)
    endpoints = {
        "authorization_endpoint": f"{inside}/authorize",
        "token_endpoint": f"{inside}/token",
        "user_endpoint": f"{inside}/user",
    }
    oauth = await careful.idp(IdpKind.OAUTH, client_id="us", id_attribute="sub", **endpoints)
    state = parameters((await careful.start(oauth)).url)["state"]
    assert (await careful.answer(state=state, code="c")).said["error"] == "IDP-Unreachable"
    assert canary.seen == 0


@pytest.mark.parametrize("host", INSIDE)
async def test_directories_are_not_asked_inside(careful, canary, host):
    servers = (f"ldap://{host}:{canary.port}",)
    idp = await careful.idp(
        IdpKind.LDAP, servers=servers, base_dn="dc=x", bind_dn="cn=x",
        user_object_classes=("person",), user_filters=("uid",), id_attribute="uid",
    )  # fmt: skip
    with pytest.raises(Refusal, match="IDP-Unreachable"):
        await careful.intents.start_directory(SYSTEM, idp, Login("gigi", "x"))
    assert canary.seen == 0
