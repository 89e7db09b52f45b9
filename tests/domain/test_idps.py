import pytest
from personae.actors.domain.idp import events as e
from personae.actors.domain.idp import refusals
from personae.actors.domain.idp.presets import PRESETS, completed
from personae.actors.domain.idp.rules import check
from personae.actors.domain.idp.values import AutoLinking, Idp, IdpKind
from personae.actors.domain.instance import events as i
from personae.actors.domain.instance.idps import (
    AddIdp,
    ChangeIdp,
    IdpFacts,
    OfferIdp,
    RemoveIdp,
    WithdrawIdp,
)
from personae.actors.domain.instance.refusals import NOT_FOUND as UNKNOWN_INSTANCE
from personae.actors.domain.kit import name_of, replace
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.policy_family import INSTANCE, event_of
from personae.actors.domain.values import Sealed
from personae.store.codec import decode, encode

from tests.domain.language import NOW, given, refuses, state_of

MADE = i.InstanceAdded(name="ACME")
SECRET = Sealed("1", "c2VhbGVk")
FACTS = IdpFacts(now=NOW, secret=SECRET)
GOOGLE = Idp(kind=IdpKind.GOOGLE, client_id="us", auto_linking=AutoLinking.EMAIL)
ADDED = e.ADDED[IdpKind.GOOGLE](
    id="7", client_id="us", secret=SECRET, auto_linking=AutoLinking.EMAIL
)
OFFERED = event_of(INSTANCE, LoginPolicy, "idps.added")(idp_id="7", idp_provider_type=1)
WITHDRAWN = event_of(INSTANCE, LoginPolicy, "idps.removed")(idp_id="7")
CASCADED = event_of(INSTANCE, LoginPolicy, "idps.cascade.removed")(idp_id="7")


def add(idp=GOOGLE):
    return AddIdp(instance_id="1", idp_id="7", idp=idp, secret="s")


def change(idp):
    return ChangeIdp(instance_id="1", idp_id="7", idp=idp)


def of(order):
    return order(instance_id="1", idp_id="7")


def test_a_provider_is_added_in_the_words_of_its_kind():
    given(MADE).when(add(), FACTS).then(ADDED)
    assert encode(ADDED) == (
        "instance.idp.google.added",
        {
            "id": "7",
            "clientId": "us",
            "clientSecret": {"keyId": "1", "crypted": "c2VhbGVk"},
            "autoLinkingOption": 2,
        },
    )


@pytest.mark.parametrize("kind", IdpKind)
def test_every_kind_is_kept_whole_in_its_events(kind):
    added = e.ADDED[kind](id="7", name="N", is_creation_allowed=True)
    assert name_of(added) == f"instance.idp.{kind}.added"
    assert decode(*encode(added)) == added
    state = state_of("instance", MADE, added, e.CHANGED[kind](id="7", name="M"))
    assert state.idps["7"] == Idp(kind=kind, name="M", is_creation_allowed=True)


def test_only_what_is_different_is_changed():
    other = replace(GOOGLE, client_id="new")
    changed = e.CHANGED[IdpKind.GOOGLE](id="7", client_id="new")
    given(MADE, ADDED).when(change(other), IdpFacts(now=NOW)).then(changed)
    given(MADE, ADDED).when(change(GOOGLE), IdpFacts(now=NOW)).then_nothing()
    newer = replace(SECRET, crypted="bmV3")
    with_secret = e.CHANGED[IdpKind.GOOGLE](id="7", secret=newer)
    given(MADE, ADDED).when(change(GOOGLE), IdpFacts(now=NOW, secret=newer)).then(with_secret)


def test_what_cannot_be_is_refused():
    given().when(add(), FACTS).refuses(UNKNOWN_INSTANCE)
    given(MADE, ADDED).when(add(), FACTS).refuses(refusals.ALREADY_EXISTS)
    given(MADE).when(add(), IdpFacts(now=NOW)).refuses(refusals.SECRET_MISSING)
    given(MADE).when(change(GOOGLE), FACTS).refuses(refusals.NOT_FOUND)
    github = replace(GOOGLE, kind=IdpKind.GITHUB)
    given(MADE, ADDED).when(change(github), FACTS).refuses(refusals.OTHER_KIND)
    wrong = replace(GOOGLE, scopes=("a b",))
    given(MADE).when(add(wrong), FACTS).refuses(refusals.INVALID)
    given(MADE).when(of(RemoveIdp)).refuses(refusals.NOT_FOUND)


def test_a_provider_is_offered_and_withdrawn():
    given(MADE, ADDED).when(of(OfferIdp)).then(OFFERED)
    given(MADE).when(of(OfferIdp)).refuses(refusals.NOT_FOUND)
    given(MADE, ADDED, OFFERED).when(of(OfferIdp)).refuses(refusals.ALREADY_OFFERED)
    given(MADE, ADDED, OFFERED).when(of(WithdrawIdp)).then(WITHDRAWN)
    given(MADE, ADDED).when(of(WithdrawIdp)).refuses(refusals.NOT_OFFERED)
    assert state_of("instance", MADE, ADDED, OFFERED).policies.idps == ("7",)
    assert state_of("instance", MADE, ADDED, OFFERED, WITHDRAWN).policies.idps == ()


def test_one_that_is_removed_is_offered_no_more():
    given(MADE, ADDED).when(of(RemoveIdp)).then(e.IdpRemoved(id="7"))
    given(MADE, ADDED, OFFERED).when(of(RemoveIdp)).then(CASCADED, e.IdpRemoved(id="7"))
    state = state_of("instance", MADE, ADDED, OFFERED, CASCADED, e.IdpRemoved(id="7"))
    assert (state.idps, state.policies.idps) == ({}, ())


def test_a_change_of_one_that_is_gone_changes_nothing():
    changed = e.CHANGED[IdpKind.GOOGLE](id="7", client_id="new")
    assert state_of("instance", MADE, changed).idps == {}


@pytest.mark.parametrize("kind", IdpKind)
def test_a_preset_fills_what_is_empty_and_nothing_else(kind):
    whole = completed(Idp(kind=kind, scopes=("own",)))
    assert whole.name == PRESETS[kind].label
    assert whole.scopes == ("own",)
    assert "{tenant}" not in whole.authorization_endpoint


def test_microsofts_addresses_name_the_tenant():
    whole = completed(Idp(kind=IdpKind.AZURE, tenant="t-1"))
    assert whole.token_endpoint == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"


FINE = {
    "issuer": "https://idp.test:8443/realm?x=1",
    "servers": ("ldap://ldap.test", "ldaps://[2001:db8::1]:636/"),
    "scopes": ("openid", "https://api.test/read"),
    "header_name": "X-Auth-Token",
    "tenant": "00000000-1111-2222-3333-444444444444",
    "user_filters": ("uid", "mail;lang-en"),
    "timeout": 60 * 10**9,
}
BAD = [
    *(
        ("issuer", text)
        for text in ("idp.test", "ftp://x", "https://", "https://a@b", "https://a#b")
    ),
    *(
        ("token_endpoint", text)
        for text in ("https://x:99999", "https://x\\y", "https://x y", "//x")
    ),
    ("user_endpoint", "https://x/" + "a" * 2048),
    *(("servers", (text,)) for text in ("ldap.test", "https://x", "ldap://x/dc=y", "ldap://x?y#z")),
    ("user_filters", ("a)(b",)),
    ("header_name", "a b"),
    ("tenant", "../x"),
    ("scopes", ("a b",)),
    ("timeout", -1),
    ("name", "a\nb"),
]


def test_settings_are_fine_or_refused_by_name():
    check(Idp(kind=IdpKind.OIDC, **FINE))
    for field, value in BAD:
        with refuses(refusals.INVALID):
            check(Idp(kind=IdpKind.OIDC, **{field: value}))
