"""The playground says why each claim is there: nothing of ours has the reason "added"."""

import json

import pytest
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.values import TokenType
from personae.actors.domain.user.commands import SetMetadata, UpdateHuman
from personae.actors.domain.user.values import NewContact
from personae.config.texts import Texts
from personae.http.oidc.claims import SUPPORTED
from personae.http.oidc.provider import DetailsType, Profiles
from personae.http.playground.tokens import decoded, explained
from personae.http.playground.why import ALWAYS

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, caller
from tests.http.oidc.conftest import serving
from tests.http.oidc.proofs import new_key, proof
from tests.http.oidc.test_dpop import TOKEN, USERINFO
from tests.http.oidc.test_role_claims import grant, project
from tests.http.oidc.test_token_exchange import ALL, JWT, act, customer, support

OURS = "urn:zitadel:iam"
SCOPES = (
    "openid", "profile", "email", "phone", "offline_access",
    f"{OURS}:org:project:role:reader", f"{OURS}:org:projects:roles", f"{OURS}:user:metadata",
    f"{OURS}:user:resourceowner", f"{OURS}:org:id:{ORG}",
    f"{OURS}:org:domain:primary:acme.localhost",
)  # fmt: skip
DETAILS = [{"type": "payment", "amount": "1"}]
EVERYWHERE = {"id_token_userinfo_assertion": True, "id_token_role_assertion": True,
              "access_token_role_assertion": True, "access_token_type": TokenType.JWT,
              "grant_types": ALL}  # fmt: skip


@pytest.fixture
async def stack(dispatch):
    policy = SecurityPolicy(enable_impersonation=True)
    await dispatch.send(ChangePolicy(instance_id=INSTANCE, policy=policy), caller())
    profiles = Profiles(details={"payment": DetailsType(frozenset({"amount"}))})
    async with serving(dispatch, profiles=profiles) as stack:
        yield stack


@pytest.fixture
async def app(stack):
    """A client that gets all there is, about somebody who has all there is."""
    own = await project(stack, assertion=True)
    await grant(stack, own, "reader")
    await stack.send(SetMetadata(user_id=ADMIN, entries=(("shoe", b"38"),)))
    await stack.send(UpdateHuman(user_id=ADMIN, phone=NewContact(value="+41791234567")))
    app = await stack.app(own, **EVERYWHERE)
    return await stack.settings(app, authorization_types=("payment",))


async def everything(stack, app):
    """Return all claims that tokens and answers about them have: by kind, names with reasons."""
    key = new_key()
    code = await stack.code(app, scope=" ".join(SCOPES), authorization_details=json.dumps(DETAILS))
    proved = {**app.basic, "DPoP": proof(stack, key, TOKEN)}
    tokens = (await stack.redeem(app, code, proved)).json
    granted = tokens["scope"].split()
    found = [
        decoded(kind, tokens[kind], (), granted).claims for kind in ("access_token", "id_token")
    ]
    shown = proof(stack, key, USERINFO, method="GET", token=tokens["access_token"])
    headers = {"Authorization": f"DPoP {tokens['access_token']}", "DPoP": shown}
    about = (await stack.call("GET", USERINFO, headers=headers)).json
    found.append(explained("userinfo", about, granted))
    about = await stack.introspect(app, tokens["access_token"])
    found.append(explained("introspection", about, granted))
    _, own = await support(stack, "ORG_END_USER_IMPERSONATOR", app)
    acting = (await act(stack, app, await customer(stack), own, requested_token_type=JWT)).json
    found += [
        decoded(kind, acting[kind], (), ["openid"]).claims for kind in ("access_token", "id_token")
    ]
    return [claim for claims in found for claim in claims]


async def test_every_claim_of_tokens_has_a_reason_of_its_own(stack, app):
    claims = await everything(stack, app)
    assert [claim.name for claim in claims if claim.why.text == "added"] == []
    names = {claim.name for claim in claims}
    there = {
        "act", "cnf", "authorization_details", "phone_number", "email", "name", "sid", "nonce",
        f"{OURS}:user:metadata", f"{OURS}:user:resourceowner:id", f"{OURS}:org:id",
        f"{OURS}:org:domain:primary", f"{OURS}:org:project:roles",
        f"{OURS}:org:project:{app.project_id}:roles",
    }  # fmt: skip
    assert there <= names
    asked = {claim.name: claim.why.params["scope"] for claim in claims if claim.why.params}
    assert asked[f"{OURS}:user:metadata"] == f"{OURS}:user:metadata"
    assert asked[f"{OURS}:org:project:roles"] == " ".join(SCOPES[5:7])
    assert asked[f"{OURS}:org:id"] == " ".join(SCOPES[8:])


def test_claims_that_discovery_names_have_reasons_of_their_own():
    claims = explained("id_token", dict.fromkeys(SUPPORTED), ())
    assert [claim.name for claim in claims if claim.why.text == "added"] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_reason_has_its_words(language):
    words = Texts.load().own[language]["playground"]["why"]
    used = {"by_scope", "in_id_token", "roles", "metadata", "organization", "added"}
    assert used | ALWAYS == set(words)
