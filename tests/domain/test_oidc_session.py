from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.oidc_session import commands as c
from personae.actors.domain.oidc_session import events as e
from personae.actors.domain.oidc_session import refusals
from personae.actors.domain.oidc_session.facts import TokenFacts
from personae.actors.domain.oidc_session.opening import Opening

from tests.domain.language import HOUR, LIFETIMES, NOW, given, state_of

ADDED = e.OIDCSessionAdded(user_id="20", client_id="50", scope=("openid", "email"))
ACCESS = e.AccessTokenAdded(id="a1", scope=("openid", "email"), lifetime=HOUR, made_at=NOW)
REFRESH = e.RefreshTokenAdded(id="r1", lifetime=48 * HOUR, idle_lifetime=24 * HOUR, made_at=NOW)
RENEWED = e.RefreshTokenRenewed(id="r2", idle_lifetime=24 * HOUR, made_at=NOW)
REVOKED = e.RefreshTokenRevoked()
FAMILY = (ADDED, ACCESS, REFRESH)
FACTS = TokenFacts(now=NOW, lifetimes=LIFETIMES)
ORDER = c.RefreshTokens(
    oidc_session_id="90",
    client_id="50",
    presented="r1",
    scope=None,
    access_token_id="a2",
    refresh_token_id="r2",
)
OPENING = Opening(user_id="20", org_id="10", access_token_id="a1", scope=("openid",))


def at(**later):
    return replace(FACTS, now=NOW + timedelta(**later))


def access(scope):
    return e.AccessTokenAdded(id="a2", scope=scope, lifetime=HOUR, reason="refresh", made_at=NOW)


def test_a_family_opens_with_an_access_token():
    order = c.OpenOIDCSession(oidc_session_id="90", org_id="10", opening=OPENING)
    given().when(order, FACTS).then(
        e.OIDCSessionAdded(user_id="20", user_resource_owner="10", scope=("openid",)),
        e.AccessTokenAdded(id="a1", scope=("openid",), lifetime=HOUR, made_at=NOW),
    )
    given(ADDED).when(order, FACTS).refuses(refusals.ALREADY_EXISTS)


def test_refreshing_makes_both_tokens_anew():
    """OP-10: refresh tokens rotate."""
    given(*FAMILY).when(ORDER, FACTS).then(access(("openid", "email")), RENEWED)
    family = state_of("oidc_session", *FAMILY, access(("openid",)), RENEWED)
    assert (family.access.id, family.refresh.id) == ("a2", "r2")


def test_a_rotated_token_ends_the_whole_family():
    """OP-10, RFC 9700 4.14: whoever holds the copy."""
    given(*FAMILY, RENEWED).when(ORDER, FACTS).then(REVOKED)
    family = state_of("oidc_session", *FAMILY, RENEWED, REVOKED)
    assert (family.access, family.refresh) == (None, None)
    latest = replace(ORDER, presented="r2")
    given(*FAMILY, RENEWED, REVOKED).when(latest, FACTS).refuses(refusals.ENDED)


def test_a_narrower_scope_is_granted_for_this_access_token_only():
    """OP-11, RFC 6749 6."""
    given(*FAMILY).when(replace(ORDER, scope=("openid",)), FACTS).includes(access(("openid",)))
    narrowed = (*FAMILY, access(("openid",)), RENEWED)
    assert state_of("oidc_session", *narrowed).scope == ("openid", "email")


def test_a_wider_scope_is_refused():
    order = replace(ORDER, scope=("openid", "profile"))
    given(*FAMILY).when(order, FACTS).refuses(refusals.SCOPE_WIDER)


def test_a_refresh_token_is_bound_to_its_client():
    """ZA-54: who shows another client's has a copy; the family ends."""
    order = replace(ORDER, client_id="51")
    given(*FAMILY).when(order, FACTS).then(REVOKED)
    given().when(ORDER, FACTS).refuses(refusals.REFRESH_INVALID)


def test_a_family_ends_with_what_it_stands_for():
    """ZA-02."""
    given(*FAMILY).when(ORDER, replace(FACTS, alive=False)).refuses(refusals.ENDED)
    given(ADDED, ACCESS).when(ORDER, FACTS).refuses(refusals.ENDED)


@pytest.mark.parametrize("hours", [24, 47])
def test_a_refresh_token_ends_when_it_is_not_used(hours):
    given(*FAMILY).when(ORDER, at(hours=hours)).refuses(refusals.REFRESH_INVALID)


def test_a_refresh_token_ends_for_ever_however_much_it_is_used():
    used = replace(RENEWED, made_at=NOW + timedelta(hours=40))
    order = replace(ORDER, presented="r2")
    given(*FAMILY, used).when(order, at(hours=47)).includes(
        replace(used, made_at=NOW + timedelta(hours=47))
    )
    given(*FAMILY, used).when(order, at(hours=48)).refuses(refusals.REFRESH_INVALID)


def test_only_the_current_access_token_is_revoked():
    order = c.RevokeAccessToken(oidc_session_id="90", token_id="a1")
    given(*FAMILY).when(order).then(e.AccessTokenRevoked())
    given(*FAMILY, e.AccessTokenRevoked()).when(order).then_nothing()
    given(*FAMILY, access(())).when(order).then_nothing()
    assert state_of("oidc_session", *FAMILY, e.AccessTokenRevoked()).refresh is not None


def test_a_family_is_revoked_once():
    order = c.RevokeOIDCSession(oidc_session_id="90")
    given(*FAMILY).when(order).then(REVOKED)
    given(ADDED, ACCESS).when(order).then(e.AccessTokenRevoked())
    given(*FAMILY, REVOKED).when(order).then_nothing()


def test_a_history_that_renews_what_is_not_there_folds():
    assert state_of("oidc_session", ADDED, RENEWED).refresh is None


@pytest.mark.parametrize(
    ("key", "public", "right"),
    [("k1", True, True), ("k2", True, False), ("", True, False), ("k2", False, True), ("", 0, 0)],
)
def test_a_bound_token_needs_its_key_or_a_client_known_otherwise_with_another(key, public, right):
    """RFC 9449, 5."""
    story = (ADDED, replace(ACCESS, dpop_jkt="k1"), replace(REFRESH, dpop_jkt="k1"))
    asked = given(*story).when(replace(ORDER, dpop_jkt=key, public=public), FACTS)
    if right:
        asked.then(replace(access(("openid", "email")), dpop_jkt=key), RENEWED)
    else:
        asked.refuses(refusals.KEY_WRONG)
