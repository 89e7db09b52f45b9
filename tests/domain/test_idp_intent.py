import pytest
from personae.actors.domain.idp import refusals as idp
from personae.actors.domain.idp_intent import commands as c
from personae.actors.domain.idp_intent import events as e
from personae.actors.domain.idp_intent import refusals
from personae.actors.domain.idp_intent.facts import AnswerFacts, ConsumeFacts, StartFacts
from personae.actors.domain.idp_intent.state import INTENT
from personae.actors.domain.kit import replace
from personae.actors.domain.values import Sealed
from personae.store.codec import decode

from tests.domain.language import EARLIER, LATER, NOW, given

PROOF, TOKEN = Sealed("1", "cHJvb2Y="), Sealed("1", "dG9rZW4=")
OK, NO = "https://app.example/ok", "https://app.example/no"
START = c.StartIntent(intent_id="9", instance_id="1", idp_id="7", success_url=OK, failure_url=NO)
STARTED = e.IntentStarted(idp_id="7", success_url=OK, failure_url=NO, proof=PROOF)
SUCCEED = c.SucceedIntent(intent_id="9", idp_user=b"{}", idp_user_id="ext", idp_user_name="Gigi")
SUCCEEDED = e.IntentSucceeded(
    idp_user=b"{}", idp_user_id="ext", idp_user_name="Gigi", user_id="20",
    idp_access_token=TOKEN, expires_at=LATER,
)  # fmt: skip
ANSWER = AnswerFacts(now=NOW, started=NOW, user_id="20", access_token=TOKEN)
CONSUME = c.ConsumeIntent(intent_id="9", user_id="20")
ENDS = ((), (e.IntentConsumed(),), (e.IntentFailed(),))
LINKED = ConsumeFacts(now=NOW, linked="20", allowed=True)


def test_a_sign_in_is_started():
    facts = StartFacts(now=NOW, known=True, proof=PROOF)
    given().when(START, facts).then(STARTED)
    given(STARTED).when(START, facts).refuses(refusals.ALREADY_EXISTS)
    unknown = StartFacts(now=NOW, known=False)
    given().when(START, unknown).refuses(idp.NOT_FOUND)


@pytest.mark.parametrize("url", ["javascript:x", "http://app.example", "//app.example", "/x"])
def test_an_address_to_go_on_at_must_be_safe(url):
    facts = StartFacts(now=NOW, known=True)
    given().when(replace(START, failure_url=url), facts).refuses(refusals.URL_INVALID)
    ours = replace(facts, ours=True)
    given().when(replace(START, failure_url=url), ours).includes()


def test_an_answer_is_kept_with_its_tokens_sealed():
    given(STARTED).when(SUCCEED, ANSWER).then(SUCCEEDED)


def test_the_entry_of_a_directory_is_kept():
    order = replace(SUCCEED, directory=True, attributes={"mail": ("a@b.test",)})
    kept = e.IntentLdapSucceeded(
        idp_user=b"{}", idp_user_id="ext", idp_user_name="Gigi", user_id="20",
        attributes={"mail": ["a@b.test"]}, expires_at=LATER,
    )  # fmt: skip
    given(STARTED).when(order, ANSWER).then(kept)


def test_a_sign_in_fails():
    order = c.FailIntent(intent_id="9", reason="x" * 1000)
    given(STARTED).when(order, ANSWER).then(e.IntentFailed(reason="x" * 500))
    failed = e.IntentFailed(reason="x")
    given(STARTED, failed).when(SUCCEED, ANSWER).refuses(refusals.NOT_STARTED)
    given(STARTED, failed).when(CONSUME, LINKED).refuses(refusals.NOT_SUCCEEDED)


def test_an_answer_counts_once_and_for_an_hour():
    given(STARTED, SUCCEEDED).when(SUCCEED, ANSWER).refuses(refusals.NOT_STARTED)
    late = replace(ANSWER, started=EARLIER)
    given(STARTED).when(SUCCEED, late).refuses(refusals.EXPIRED)


def test_it_proves_once_who_is_linked():
    given(STARTED, SUCCEEDED).when(CONSUME, LINKED).then(e.IntentConsumed())
    consumed = given(STARTED, SUCCEEDED, e.IntentConsumed())
    consumed.when(CONSUME, LINKED).refuses(refusals.CONSUMED)
    given(STARTED).when(CONSUME, LINKED).refuses(refusals.NOT_SUCCEEDED)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"linked": ""}, refusals.OTHER_USER),
        ({"linked": "21"}, refusals.OTHER_USER),
        ({"allowed": False}, refusals.NOT_ALLOWED),
        ({"now": LATER}, refusals.EXPIRED),
    ],
)
def test_it_proves_nothing_else(facts, why):
    given(STARTED, SUCCEEDED).when(CONSUME, replace(LINKED, **facts)).refuses(why)


def test_a_token_that_another_system_stored_in_plain_is_left_out():
    happened = decode("idpintent.succeeded", {"idpIdToken": "a.b.c", "idpUserId": "x"})
    assert happened == e.IntentSucceeded(idp_user_id="x")


def test_what_was_used_or_failed_is_hardly_asked_for_again():
    over = [INTENT.over(INTENT.fold((STARTED, SUCCEEDED, *end))) for end in ENDS]
    assert over == [False, True, True]
