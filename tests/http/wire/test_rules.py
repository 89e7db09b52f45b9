"""Every kind of field rule, on messages of the definition."""

from contextlib import suppress

import pytest
from personae.http.wire.descriptors import message_class
from personae.http.wire.validate import _VALIDATORS, validate
from personae.http.wire.wrong import Wrong

U = "zitadel.user.v2."
A = "zitadel.action.v2."
USER = {"profile": {"given_name": "a", "family_name": "b"}, "email": {"email": "a@b.ch"}}
APP = "zitadel.application.v2.CreateOIDCApplicationRequest"


def broken(name, fields):
    """Return "path: rule" of what is wrong with a message, or nothing."""
    try:
        validate(message_class(name)(**fields))
    except Wrong as wrong:
        params = wrong.refusal().params
        return f"{params['field']}: {params['rule']}"
    return ""


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        (U + "AddHumanUserRequest", USER, ""),
        (U + "AddHumanUserRequest", {**USER, "username": ""}, "username: min_len 1"),
        (U + "AddHumanUserRequest", {**USER, "username": "é" * 200}, ""),
        (U + "AddHumanUserRequest", {**USER, "username": "x" * 201}, "username: max_len 200"),
        (U + "AddHumanUserRequest", {"profile": USER["profile"]}, "email: required"),
        (U + "AddHumanUserRequest", {**USER, "email": {"email": "no"}}, "email.email: email"),
        (
            U + "AddHumanUserRequest",
            {**USER, "metadata": [{"key": "a\0"}]},
            "metadata[0].key: no NUL",
        ),
        (U + "AddKeyRequest", {"user_id": "1"}, "expiration_date: required"),
        (
            U + "SetUserMetadataRequest",
            {"user_id": "1", "metadata": [{"key": "k", "value": b"v" * 500_001}]},
            "metadata[0].value: max_len 500000",
        ),
        (U + "DeleteUserMetadataRequest", {"keys": ["a", ""]}, "keys[1]: min_len 1"),
        (U + "ListKeysRequest", {"sorting_column": 99}, "sorting_column: defined_only"),
        (
            A + "UpdateTargetRequest",
            {"id": "1", "expiration_signing_key": {"seconds": 1}},
            "expiration_signing_key: const 0s",
        ),
        (A + "UpdateTargetRequest", {"id": "1", "timeout": {"seconds": 271}}, "timeout: lte 270s"),
        (A + "UpdateTargetRequest", {"id": "1", "timeout": {"nanos": -1}}, "timeout: gte 0s"),
        (A + "UpdateTargetRequest", {"id": "1", "timeout": {"seconds": 270}}, ""),
        (A + "RequestExecution", {"all": False}, "all: const true"),
        (A + "RequestExecution", {"all": True}, ""),
        ("zitadel.session.v2.CreateSessionRequest", {"lifetime": {}}, "lifetime: gt 0s"),
        ("zitadel.session.v2.CheckWebAuthN", {}, "credential_assertion_data: required"),
        (
            "zitadel.session.v2.CheckWebAuthN",
            {"credential_assertion_data": {"a": ["\0"]}},
            "credential_assertion_data: no NUL",
        ),
        (
            "zitadel.session.v2.CheckWebAuthN",
            {"credential_assertion_data": {"a": {"b\0": 1}}},
            "credential_assertion_data: no NUL",
        ),
        ("zitadel.session.v2.CreateSessionRequest", {"metadata": {"a\0": b""}}, "metadata: no NUL"),
        (
            "zitadel.session.v2.CreateSessionRequest",
            {"user_agent": {"header": {"a": {"values": ["b\0"]}}}},
            "user_agent.header.values[0]: no NUL",
        ),
        (
            "zitadel.session.v2.CreateSessionRequest",
            {"lifetime": {"seconds": 315_576_000_001}},
            "lifetime: duration",
        ),
        ("zitadel.filter.v2.InIDsFilter", {"ids": ["1", "1"]}, "ids: unique"),
        ("zitadel.filter.v2.InIDsFilter", {"ids": ["1", "x" * 201]}, "ids[1]: max_len 200"),
        (APP, {"response_types": [0]}, "response_types[0]: not OIDC_RESPONSE_TYPE_UNSPECIFIED"),
        (APP, {"clock_skew": {"seconds": 6}}, "clock_skew: lte 5s"),
    ],
)
def test_a_message_keeps_its_rules_or_is_refused(name, fields, expected):
    assert broken(name, fields) == expected


def test_every_rule_of_every_message_can_be_compiled():
    from personae.http import wire

    for method in wire.METHODS.values():
        with suppress(Wrong):
            validate(method.request())
        assert method.request.DESCRIPTOR.full_name in _VALIDATORS


def test_rules_hold_inside_nested_conditions():
    inner = {"user_name_query": {"user_name": "x" * 201}}
    request = {"queries": [{"or_query": {"queries": [{"not_query": {"query": inner}}]}}]}
    path = "queries[0].or_query.queries[0].not_query.query.user_name_query.user_name"
    assert broken(U + "ListUsersRequest", request) == f"{path}: max_len 200"
