"""JSON: what protobuf's own mapping says, only faster and with paths in refusals."""

import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from personae.http import wire
from personae.http.wire.decode import from_dict, from_json
from personae.http.wire.descriptors import message_class
from personae.http.wire.encode import to_dict, to_json
from personae.http.wire.render import Rendered, answer_json, piece
from personae.http.wire.wrong import Wrong

TEXT = st.text(string.printable + "äß€𝄞", max_size=9)
INTEGERS = {5: (-(2**31), 2**31), 3: (-(2**63), 2**63), 13: (0, 2**32), 4: (0, 2**64)}
TRAVELLING = sorted(
    {end.DESCRIPTOR.full_name for m in wire.METHODS.values() for end in (m.request, m.reply)}
)
LIST = "zitadel.user.v2.UserService/ListUsers"
SESSION = message_class("zitadel.session.v2.CreateSessionRequest")


def values(field, depth):
    if field.message_type:
        return messages(field.message_type, depth - 1)
    if field.enum_type:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.type in INTEGERS:
        low, end = INTEGERS[field.type]
        return st.integers(low, end - 1)
    return {9: TEXT, 12: st.binary(max_size=9), 8: st.booleans()}[field.type]


@st.composite
def messages(draw, descriptor, depth=4):
    made = message_class(descriptor)()
    special = WELL_KNOWN.get(descriptor.full_name)
    if special:
        draw(special(made))
        return made
    for field in descriptor.fields:
        if depth and draw(st.booleans()):
            fill(draw, made, field, depth)
    return made


def fill(draw, made, field, depth):
    if field.message_type and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields[1]
        if value.message_type:
            getattr(made, field.name)[draw(TEXT)].SetInParent()
        else:
            getattr(made, field.name)[draw(TEXT)] = draw(values(value, depth))
    elif field.is_repeated:
        getattr(made, field.name).extend(draw(st.lists(values(field, depth), max_size=2)))
    elif field.message_type:
        getattr(made, field.name).CopyFrom(draw(values(field, depth)))
    else:
        setattr(made, field.name, draw(values(field, depth)))


def spans(low, high):
    def filled(made):
        seconds, nanos = st.integers(low, high), st.sampled_from([0, 5 * 10**8, 123_000, 7])
        return st.builds(
            lambda s, n: made.MergeFrom(type(made)(seconds=s, nanos=n)), seconds, nanos
        )

    return filled


WELL_KNOWN = {
    "google.protobuf.Timestamp": spans(-62_135_596_800, 253_402_300_799),
    "google.protobuf.Duration": spans(0, 315_576_000_000),
    "google.protobuf.Struct": lambda made: st.builds(
        made.update, st.dictionaries(TEXT, st.none() | TEXT | st.lists(st.booleans()), max_size=2)
    ),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TRAVELLING).flatmap(lambda name: messages(message_class(name).DESCRIPTOR)))
def test_json_is_what_protobuf_says_and_reads_back_the_same(message):
    expected = MessageToDict(message)
    assert to_dict(message) == expected
    for readable in (to_json(message), orjson.dumps(expected)):
        again = type(message)()
        from_json(readable, again)
        assert again == message


def told(field, value, how):
    """Return a value as functions of the API put it into their answers."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        return {key: told(field.message_type.fields[1], value[key], how) for key in value}
    if field.is_repeated and not isinstance(value, (str, bytes)) and hasattr(value, "__len__"):
        return [one_told(field, one, how) for one in value]
    return one_told(field, value, how)


def one_told(field, value, how):
    if field.enum_type and how == "names":
        return field.enum_type.values_by_number[value].name
    if not field.message_type:
        return value
    if field.message_type.full_name == "google.protobuf.Timestamp":
        exact = value.nanos % 1000 == 0 and how == "names"
        return value.ToDatetime(UTC) if exact else {"seconds": value.seconds, "nanos": value.nanos}
    special = field.message_type.full_name.startswith("google.")
    return value if special or how == "messages" else fields_of(value, how)


def fields_of(message, how):
    fields = {field.name: None for field in message.DESCRIPTOR.fields if field.has_presence}
    if how == "everything":
        fields |= {
            field.name: told(field, getattr(message, field.name), how)
            for field in message.DESCRIPTOR.fields
            if not field.has_presence
        }
    return fields | {field.name: told(field, value, how) for field, value in message.ListFields()}


@pytest.mark.parametrize("how", ["numbers", "names", "messages", "everything"])
@settings(max_examples=60, deadline=None)
@given(message=st.sampled_from(TRAVELLING).flatmap(lambda n: messages(message_class(n).DESCRIPTOR)))
def test_an_answer_rendered_without_a_message_is_the_same(message, how):
    if message.DESCRIPTOR.full_name.startswith("google."):
        return
    rendered = answer_json(Rendered(type(message), fields_of(message, how)))
    assert orjson.loads(rendered) == orjson.loads(to_json(message))
    if how != "everything":
        assert rendered == answer_json(message)


def test_an_answer_with_an_unknown_field_is_a_mistake():
    with pytest.raises(TypeError, match="nickname"):
        answer_json(Rendered(SESSION, {"nickname": "Gigi"}))
    with pytest.raises(TypeError, match="nickname"):
        answer_json(Rendered(SESSION, {"checks": {"user": {"nickname": "Gigi"}}}))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),  # noqa: DTZ001 — UTC when naive
        (datetime(2026, 1, 2, 3, 4, 5, 120_000, UTC), "2026-01-02T03:04:05.120Z"),
        (datetime(1, 1, 1, 0, 0, 0, 7, UTC), "0001-01-01T00:00:00.000007Z"),
        (
            datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
            "2025-12-31T23:30:00Z",
        ),
    ],
)
def test_datetimes_are_told_as_timestamps(at, text):
    reply = wire.METHODS["zitadel.user.v2.UserService/DeleteUser"].reply
    fields = {"details": {"change_date": at}}
    assert orjson.loads(answer_json(Rendered(reply, fields)))["details"]["changeDate"] == text
    assert answer_json(Rendered(reply, fields)) == to_json(reply(**fields))


def test_a_piece_is_given_in_many_answers():
    user, reply = message_class("zitadel.user.v2.User"), wire.METHODS[LIST].reply
    fields = {"user_id": "u1", "details": {"sequence": 3}, "machine": {"name": "Bot"}}
    whole = to_json(reply(result=[user(**fields)] * 2))
    text, message = piece(user, fields, json=True), piece(user, fields, json=False)
    for _ in range(2):
        assert answer_json(Rendered(reply, {"result": [text, text]})) == whole
        assert to_json(reply(result=[message, message])) == whole


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(TRAVELLING).flatmap(lambda name: messages(message_class(name).DESCRIPTOR)))
def test_names_of_the_definition_are_read_too(message):
    again = type(message)()
    from_dict(MessageToDict(message, preserving_proto_field_name=True), again)
    assert again == message


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([f.json_name for f in SESSION.DESCRIPTOR.fields]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value):
    with suppress(Wrong):
        from_dict(value, SESSION())


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"lifetime": "5"}, "lifetime"),
        ({"lifetime": "999999999999s"}, "lifetime"),
        ({"checks": {"password": {"password": 5}}}, "checks.password.password"),
        ({"metadata": {"k": "***"}}, "metadata.k"),
        ({"userAgent": {"header": {"h": {"values": ["a", 1]}}}}, "user_agent.header.h.values[1]"),
        (
            {"challenges": {"webAuthN": {"userVerificationRequirement": "NO"}}},
            "challenges.web_auth_n.user_verification_requirement",
        ),
        ({"checks": {"user": {"userId": "1", "loginName": "a"}}}, "checks.user.login_name"),
        ({"userAgent": {}, "user_agent": {}}, "user_agent"),
        ({"checks": []}, "checks"),
    ],
)
def test_a_refusal_names_the_path_of_the_field(value, field):
    with pytest.raises(Wrong) as wrong:
        from_dict(value, SESSION())
    assert wrong.value.refusal().params["field"] == field


def test_null_and_the_unknown_are_ignored():
    request = SESSION()
    from_dict({"checks": None, "nobody": [{}], "lifetime": "2s"}, request)
    assert request == SESSION(lifetime={"seconds": 2})


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01T01:00:00.5+01:00", 0, 500_000_000),
        ("1969-12-31T23:59:59.000000001Z", -1, 1),
    ],
)
def test_times_are_read_in_any_zone(text, seconds, nanos):
    request = message_class("zitadel.user.v2.AddKeyRequest")()
    from_dict({"expirationDate": text}, request)
    assert (request.expiration_date.seconds, request.expiration_date.nanos) == (seconds, nanos)


@pytest.mark.parametrize(
    "text",
    ["2026-11-23", "2026-13-01T00:00:00Z", "2026-11-23T08:00:00", "0001-01-01T00:00:00+01:00", 5],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Wrong):
        from_dict({"expirationDate": text}, message_class("zitadel.user.v2.AddKeyRequest")())


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), (7.0, 7), ("18446744073709551615", 2**64 - 1)]
)
def test_integers_come_as_numbers_or_text(value, number):
    request = message_class("zitadel.filter.v2.PaginationRequest")()
    from_dict({"offset": value}, request)
    assert request.offset == number


@pytest.mark.parametrize("value", [7.5, "x", "1_0", "\u0661", True, -1, 2**64, 1e300, "9" * 30])
def test_what_is_no_integer_of_the_field_is_refused(value):
    with pytest.raises(Wrong):
        from_dict({"offset": value}, message_class("zitadel.filter.v2.PaginationRequest")())


def test_bytes_come_in_both_alphabets_with_or_without_padding():
    for text in ("-_8", "+/8=", "-_8=", "+/8"):
        request = message_class("zitadel.user.v2.AddKeyRequest")()
        from_dict({"publicKey": text}, request)
        assert request.public_key == b"\xfb\xff"


def test_depth_is_bounded_in_messages_and_in_free_form():
    query = message_class("zitadel.user.v2.ListUsersRequest")
    nested = {}
    for _ in range(60):
        nested = {"notQuery": {"query": nested}}
    with pytest.raises(Wrong, match="nested too deeply"):
        from_dict({"queries": [nested]}, query())
    free = {}
    for _ in range(40):
        free = {"a": [free]}
    assertion = message_class("zitadel.session.v2.CheckWebAuthN")
    with pytest.raises(Wrong, match="nested too deeply"):
        from_dict({"credentialAssertionData": free}, assertion())
