from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED, WRONG_ORG
from personae.actors.domain.device_auth import commands as c
from personae.actors.domain.device_auth import events as e
from personae.actors.domain.device_auth import refusals
from personae.actors.domain.device_auth.decide import LIFE
from personae.actors.domain.device_auth.facts import ApproveFacts
from personae.actors.domain.device_auth.user_code import plain, shown
from personae.actors.domain.kit import Claim, Facts, On, Release, Stream
from personae.actors.domain.oidc_session import events as tokens
from personae.actors.domain.oidc_session.facts import OpeningFacts

from tests.domain.language import LIFETIMES, NOW, given

ADD = c.AddDeviceAuth(
    device_id="80", instance_id="1", client_id="50", user_code="BCDFGHJK", scope=("openid",),
    audience=("50",),
)  # fmt: skip
ADDED = e.DeviceAuthAdded(
    client_id="50", user_code="BCDFGHJK", expires=NOW + LIFE, scope=("openid",), audience=("50",)
)
APPROVE = c.ApproveDeviceAuth(device_id="80", session_id="70", presented="t1")
APPROVED = e.DeviceAuthApproved(user_id="20", session_id="70", auth_time=NOW, auth_methods=("pwd",))
DENY, DENIED = c.DenyDeviceAuth(device_id="80"), e.DeviceAuthCanceled()
DONE = e.DeviceAuthDone(oidc_session_id="90")
FREED = Release("user_code", "BCDFGHJK")
SIGNED_IN = ApproveFacts(now=NOW, user_id="20", auth_time=NOW, auth_methods=("pwd",))
REDEEM = c.RedeemDeviceCode(
    device_id="80", client_id="50", issuer="https://i.test", oidc_session_id="90",
    access_token_id="a1", refresh_token_id="r1",
)  # fmt: skip
FACTS = OpeningFacts(
    now=NOW, oidc_session=Stream("1", "oidc_session", "90"), user_org_id="10",
    lifetimes=LIFETIMES, session_alive=True,
)  # fmt: skip
LATE = NOW + LIFE


def test_a_device_begins_under_a_code_of_its_own():
    given().when(ADD).then(Claim("user_code", "BCDFGHJK", refusals.ALREADY_EXISTS), ADDED)
    given(ADDED).when(ADD).refuses(refusals.ALREADY_EXISTS)


def test_somebody_allows_or_denies_it_once_and_the_code_is_free():
    given(ADDED).when(APPROVE, SIGNED_IN).then(FREED, APPROVED)
    given(ADDED).when(DENY).then(FREED, DENIED)
    for order, facts in ((APPROVE, SIGNED_IN), (DENY, Facts(now=NOW))):
        given().when(order, facts).refuses(refusals.NOT_FOUND)
        for answered in (APPROVED, DENIED):
            given(ADDED, answered).when(order, facts).refuses(refusals.ALREADY_HANDLED)
        given(ADDED).when(order, replace(facts, now=LATE)).refuses(refusals.EXPIRED)


def test_details_are_granted_to_devices_of_those_who_were_shown_them_only():
    asked = replace(ADDED, authorization_details=("a", "b"))
    for agreed in ((), ("a",), ("a", "c")):
        given(asked).when(replace(APPROVE, agreed=agreed), SIGNED_IN).refuses(CONSENT_NEEDED)
    given(asked).when(replace(APPROVE, agreed=("b", "a")), SIGNED_IN).then(FREED, APPROVED)


def test_whoever_may_not_sign_in_may_not_allow_it():
    given(ADDED).when(APPROVE, replace(SIGNED_IN, refused=WRONG_ORG())).refuses(WRONG_ORG)
    given(ADDED).when(APPROVE, replace(SIGNED_IN, auth_time=None)).refuses(refusals.NOT_FOUND)


def test_an_allowed_device_gets_its_tokens_in_the_same_commit():
    found = given(ADDED, APPROVED).when(REDEEM, FACTS).decisions
    assert found[0] == DONE
    kinds = [type(each.decision) for each in found[1:] if isinstance(each, On)]
    assert kinds == [tokens.OIDCSessionAdded, tokens.AccessTokenAdded]
    offline = replace(ADDED, need_refresh_token=True)
    last = given(offline, APPROVED).when(REDEEM, FACTS).decisions[-1]
    assert last.decision.id == "r1"


@pytest.mark.parametrize(
    ("story", "changes", "reason"),
    [
        ((), {}, refusals.CODE_INVALID),
        ((ADDED,), {}, refusals.PENDING),
        ((ADDED,), {"now": LATE}, refusals.EXPIRED),
        ((ADDED, DENIED), {}, refusals.DENIED),
        ((ADDED, APPROVED), {"now": LATE}, refusals.EXPIRED),
        ((ADDED, APPROVED), {"session_alive": False}, refusals.CODE_INVALID),
        ((ADDED, APPROVED, DONE), {}, refusals.CODE_INVALID),
        ((replace(ADDED, client_id="51"), APPROVED), {}, refusals.CODE_INVALID),
    ],
)
def test_how_things_stand_is_told_otherwise(story, changes, reason):
    """RFC 8628, 3.5."""
    given(*story).when(REDEEM, replace(FACTS, **changes)).refuses(reason)


def test_people_may_type_codes_as_they_like():
    for typed in ("BCDF-GHJK", "bcdfghjk", " bc df-gh jk "):
        assert plain(typed) == "BCDFGHJK"
    for typed in ("", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "B" * 100, "BCDFGHJ\u0130"):
        assert plain(typed) is None
    assert shown("BCDFGHJK") == "BCDF-GHJK"
    assert timedelta(minutes=5) == LIFE
