from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.auth_request import commands as c
from personae.actors.domain.auth_request import events as e
from personae.actors.domain.auth_request import refusals
from personae.actors.domain.auth_request.facts import LinkFacts
from personae.actors.domain.kit import On, Stream
from personae.actors.domain.oidc_session import events as tokens
from personae.actors.domain.oidc_session.facts import OpeningFacts

from tests.domain.language import HOUR, LIFETIMES, NOW, given, state_of

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = e.CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
ASKED = e.AuthRequestAdded(
    client_id="50",
    redirect_uri="https://x.test/cb",
    scope=("openid",),
    audience=("50", "30"),
    nonce="n",
    code_challenge=CHALLENGE,
)
LINKED = e.SessionLinked(session_id="70", user_id="20", auth_time=NOW, auth_methods=("pwd",))
CODE = e.CodeAdded(made_at=NOW)
USED = e.CodeExchanged(oidc_session_id="90")
READY = (ASKED, LINKED, CODE)
LINK = c.LinkSession(request_id="80", session_id="70", presented="t1")
SIGNED_IN = LinkFacts(now=NOW, user_id="20", auth_time=NOW, auth_methods=("pwd",))
TOKENS = Stream("1", "oidc_session", "90")
FACTS = OpeningFacts(
    now=NOW, oidc_session=TOKENS, user_org_id="10", lifetimes=LIFETIMES, session_alive=True
)
EXCHANGE = c.ExchangeCode(
    request_id="80",
    client_id="50",
    issuer="https://i.test",
    redirect_uri="https://x.test/cb",
    code_verifier=VERIFIER,
    oidc_session_id="90",
    access_token_id="a1",
    refresh_token_id="r1",
)


def test_what_a_client_asks_is_kept_once():
    order = c.AddAuthRequest(request_id="80", instance_id="1", asked=ASKED)
    given().when(order).then(ASKED)
    given(ASKED).when(order).refuses(refusals.ALREADY_EXISTS)


def test_a_session_answers_with_a_code():
    given(ASKED).when(LINK, SIGNED_IN).then(LINKED, CODE)


def test_nobody_else_answers_where_a_client_hints_at_somebody():
    hinted = replace(ASKED, hint_user_id="20")
    given(hinted).when(LINK, SIGNED_IN).then(LINKED, CODE)
    for refused in (None, refusals.CONSENT_NEEDED()):
        somebody_else = replace(SIGNED_IN, user_id="21", refused=refused)
        given(hinted).when(LINK, somebody_else).refuses(refusals.WRONG_USER)


def test_a_request_is_kept_with_the_session_that_answers_it_or_not_at_all():
    order = c.AddLinkedRequest(
        request_id="80", instance_id="1", asked=ASKED, session_id="70", presented="t1"
    )
    now = replace(SIGNED_IN, asked_at=NOW)
    given().when(order, now).then(ASKED, LINKED, CODE)
    given(ASKED).when(order, now).refuses(refusals.ALREADY_EXISTS)
    given().when(order, replace(now, refused=refusals.NO_GRANT())).refuses(refusals.NO_GRANT)
    given().when(order, replace(now, auth_time=None)).refuses(refusals.SESSION_INVALID)
    detailed = replace(order, asked=replace(ASKED, authorization_details=("a",)))
    given().when(detailed, now).refuses(refusals.CONSENT_NEEDED)
    soon = replace(order, asked=replace(ASKED, max_age=60))
    late = replace(now, asked_at=NOW + timedelta(hours=1))
    given().when(soon, late).refuses(refusals.SESSION_TOO_OLD)


def test_a_request_is_kept_with_the_error_that_answers_it():
    order = c.AddFailedRequest(
        request_id="80", instance_id="1", asked=ASKED, reason="login_required"
    )
    failed = e.AuthRequestFailed(reason="login_required")
    given().when(order).then(ASKED, failed)
    given(ASKED).when(order).refuses(refusals.ALREADY_EXISTS)


def test_details_are_granted_to_those_who_were_shown_them_only():
    asked = replace(ASKED, authorization_details=("a", "b"))
    for agreed in ((), ("a",), ("a", "c")):
        given(asked).when(replace(LINK, agreed=agreed), SIGNED_IN).refuses(refusals.CONSENT_NEEDED)
    given(asked).when(replace(LINK, agreed=("b", "a")), SIGNED_IN).then(LINKED, CODE)


def test_whoever_may_not_sign_in_is_told_why():
    refused = replace(SIGNED_IN, refused=refusals.WRONG_ORG())
    given(ASKED).when(LINK, refused).refuses(refusals.WRONG_ORG)


def test_a_session_that_proved_nothing_answers_nothing():
    given(ASKED).when(LINK, replace(SIGNED_IN, auth_time=None)).refuses(refusals.SESSION_INVALID)


def test_an_error_answers_too():
    order = c.FailAuthRequest(request_id="80", reason="access_denied")
    given(ASKED).when(order).then(e.AuthRequestFailed(reason="access_denied"))
    given().when(order).refuses(refusals.NOT_FOUND)


@pytest.mark.parametrize(
    "history", [READY, [ASKED, e.AuthRequestFailed(reason="x")], [*READY, USED]]
)
def test_a_request_is_answered_once(history):
    given(*history).when(LINK, SIGNED_IN).refuses(refusals.ALREADY_HANDLED)


def test_a_code_is_exchanged_for_tokens_in_one_commit():
    given(*READY).when(EXCHANGE, FACTS).then(
        USED,
        On(
            TOKENS,
            tokens.OIDCSessionAdded(
                user_id="20",
                user_resource_owner="10",
                session_id="70",
                client_id="50",
                audience=("50", "30"),
                scope=("openid",),
                auth_methods=("pwd",),
                auth_time=NOW,
                nonce="n",
            ),
            owner="10",
        ),
        On(
            TOKENS,
            tokens.AccessTokenAdded(
                id="a1", scope=("openid",), lifetime=HOUR, reason="auth_request", made_at=NOW
            ),
            owner="10",
        ),
        e.AuthRequestSucceeded(),
    )


def test_a_refresh_token_comes_only_when_it_was_asked_for():
    asked = replace(ASKED, need_refresh_token=True)
    given(asked, LINKED, CODE).when(EXCHANGE, FACTS).includes(
        On(
            TOKENS,
            tokens.RefreshTokenAdded(
                id="r1", lifetime=48 * HOUR, idle_lifetime=24 * HOUR, made_at=NOW
            ),
            owner="10",
        )
    )


@pytest.mark.parametrize("history", [[USED], [USED, e.AuthRequestSucceeded()]])
def test_a_used_code_says_which_tokens_must_die(history):
    """OP-09, RFC 6749 4.1.2."""
    story = given(*READY, *history).when(EXCHANGE, FACTS)
    story.refuses(refusals.CODE_USED)
    assert story.refusal.params == {"oidc_session_id": "90"}


@pytest.mark.parametrize(
    "history", [[], [ASKED], [ASKED, LINKED], [*READY, e.AuthRequestFailed(reason="x")]]
)
def test_without_a_code_there_is_nothing_to_exchange(history):
    given(*history).when(EXCHANGE, FACTS).refuses(refusals.CODE_INVALID)


@pytest.mark.parametrize("change", [{"redirect_uri": "https://x.test/CB"}, {"redirect_uri": ""}])
def test_a_code_is_bound_to_its_redirect_uri(change):
    given(*READY).when(replace(EXCHANGE, **change), FACTS).refuses(refusals.CODE_INVALID)


def test_a_code_shown_by_another_client_is_worth_nothing_from_then_on():
    """ZA-54: who shows it has a copy."""
    failed = e.AuthRequestFailed(reason="invalid_grant")
    given(*READY).when(replace(EXCHANGE, client_id="51"), FACTS).then(failed)
    given(*READY, failed).when(EXCHANGE, FACTS).refuses(refusals.CODE_INVALID)
    assert state_of("auth_request", *READY, failed).error == "invalid_grant"


@pytest.mark.parametrize(
    ("max_age", "ago", "right"),
    [(None, 10**6, True), (60, 60, True), (60, 61, False), (0, 1, False), (0, 0, True)],
)
def test_a_session_older_than_the_client_allows_is_refused(max_age, ago, right):
    """OP-26: counted from when the client asked."""
    facts = replace(SIGNED_IN, auth_time=NOW - timedelta(seconds=ago), asked_at=NOW)
    story = given(replace(ASKED, max_age=max_age)).when(LINK, facts)
    if right:
        story.includes(CODE)
    else:
        story.refuses(refusals.SESSION_TOO_OLD)


def test_a_code_lives_for_a_minute():
    minute = timedelta(seconds=60)
    late = replace(FACTS, now=NOW + minute + timedelta(microseconds=1))
    given(*READY).when(EXCHANGE, replace(FACTS, now=NOW + minute)).includes(USED)
    given(*READY).when(EXCHANGE, late).refuses(refusals.CODE_EXPIRED)


@pytest.mark.parametrize("verifier", ["", VERIFIER[:-1] + "l", CHALLENGE.challenge, VERIFIER + "="])
def test_a_code_is_bound_to_its_challenge(verifier):
    """OP-06: wrong, missing and plain verifiers."""
    order = replace(EXCHANGE, code_verifier=verifier)
    given(*READY).when(order, FACTS).refuses(refusals.VERIFIER_WRONG)


def test_a_verifier_without_a_challenge_is_refused():
    """OP-06, RFC 9700 4.8.2: the challenge may have been stripped on the way."""
    stripped = replace(ASKED, code_challenge=None)
    given(stripped, LINKED, CODE).when(EXCHANGE, FACTS).refuses(refusals.VERIFIER_WRONG)
    order = replace(EXCHANGE, code_verifier="")
    given(stripped, LINKED, CODE).when(order, FACTS).includes(USED)


def test_a_code_dies_with_the_session():
    dead = replace(FACTS, session_alive=False)
    given(*READY).when(EXCHANGE, dead).refuses(refusals.SESSION_INVALID)


def test_a_succeeded_request_remembers_its_tokens():
    request = state_of("auth_request", *READY, USED, e.AuthRequestSucceeded())
    assert (request.status.name, request.oidc_session_id) == ("SUCCEEDED", "90")


def test_a_code_bound_to_a_key_is_redeemed_with_it():
    """RFC 9449, 10."""
    bound = replace(ASKED, dpop_jkt="k1")
    given(bound, LINKED, CODE).when(EXCHANGE, FACTS).refuses(refusals.KEY_WRONG)
    right = given(bound, LINKED, CODE).when(replace(EXCHANGE, dpop_jkt="k1"), FACTS)
    access = next(
        each.decision
        for each in right.decisions
        if isinstance(each, On) and hasattr(each.decision, "reason")
    )
    assert access.dpop_jkt == "k1"
