import pytest
from personae.actors.domain.kit import (
    EVENTS,
    KINDS,
    REASONS,
    UPCASTERS,
    Caller,
    Code,
    Kind,
    Reason,
    event,
    name_of,
    payload_key,
    reason,
    upcast,
    wire,
)
from personae.actors.domain.user.commands import CheckPassword, UpdateHuman
from personae.actors.domain.user.events import HumanAdded
from personae.actors.domain.user.values import NewPassword

from tests.domain.language import FACTS, NOW, state_of


@pytest.fixture(autouse=True)
def _forgotten():
    """What a test declares is forgotten after it."""
    before = [(registry, dict(registry)) for registry in (EVENTS, KINDS, REASONS, UPCASTERS)]
    yield
    for registry, entries in before:
        registry.clear()
        registry.update(entries)


def test_two_events_cannot_share_a_name():
    with pytest.raises(ValueError, match=r"share the name user\.human\.added"):

        @event("test.other", "user.human.added")
        class Other:
            pass


def test_two_fields_cannot_share_a_payload_key():
    with pytest.raises(ValueError, match="share a payload key"):

        @event("test.twice")
        class Twice:
            user_id: str
            userId: str = wire("userId", default="")  # noqa: N815


def test_an_event_is_known_by_its_older_names_and_stored_under_its_own():
    assert EVENTS["user.added"] is EVENTS["user.human.added"] is HumanAdded
    assert name_of(HumanAdded(user_name="gigi")) == "user.human.added"


def test_payload_keys_are_camel_case_unless_said_otherwise():
    assert payload_key("url_template", {}) == "urlTemplate"
    assert payload_key("name", {}) == "name"
    assert payload_key("user_id", {"wire": "userID"}) == "userID"


def test_upcasters_are_kept_in_the_order_they_were_written():
    @upcast("test.old")
    def first(payload):
        return payload

    @upcast("test.old")
    def second(payload):
        return payload

    assert UPCASTERS["test.old"] == [first, second]


def test_two_reasons_cannot_share_an_id():
    with pytest.raises(ValueError, match="share the id USER-NotFound"):
        reason("USER-NotFound", Code.NOT_FOUND)


def test_a_refusal_says_its_reason_and_what_fills_its_sentence():
    refusal = Reason("TEST-No", Code.ABORTED)(name="gigi")
    assert (refusal.id, refusal.code) == ("TEST-No", Code.ABORTED)
    assert str(refusal) == "TEST-No {'name': 'gigi'}"
    assert str(Reason("TEST-No", Code.ABORTED)()) == "TEST-No"


def test_a_kind_decides_only_what_it_was_taught():
    with pytest.raises(LookupError, match="test does not decide object"):
        Kind("test", 0).decide(0, object(), FACTS)


def test_events_a_kind_does_not_care_for_change_nothing():
    assert Kind("test", 7).fold([object(), object()]) == 7


def test_folding_goes_on_from_a_state():
    kind = Kind("test", "")
    kind.on(str)(lambda state, event: state + event)
    assert kind.fold(["c", "d"], "ab") == "abcd"


def test_a_caller_may_stand_in_another_organisation():
    caller = Caller(instance_id="1", user_id="20", org_id="10")
    assert (caller.at("11").org_id, caller.org_id) == ("11", "10")
    assert Caller.of_system("1").system


@pytest.mark.parametrize(
    "order",
    [
        CheckPassword(user_id="1", password="s3cret"),
        UpdateHuman(user_id="1", current_password="s3cret", password=NewPassword(plain="s3cret")),
        FACTS.__class__(now=NOW, secrets={"client_secret": "s3cret"}),
    ],
)
def test_no_secret_is_shown_when_an_order_is_printed(order):
    assert "s3cret" not in repr(order)


def test_a_stream_nobody_wrote_to_is_in_its_initial_state():
    assert not state_of("user").exists
