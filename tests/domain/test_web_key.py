from dataclasses import replace

import pytest
from personae.actors.domain.kit import Claim, On, Stream
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.values import Sealed
from personae.actors.domain.web_key import commands as c
from personae.actors.domain.web_key import events as e
from personae.actors.domain.web_key import refusals
from personae.actors.domain.web_key.facts import ActivateFacts, KeyPairFacts
from personae.actors.domain.web_key.state import PROFILES, Status
from personae.actors.domain.web_key.values import check

from tests.domain.language import NOW, given, refuses, state_of

PRIVATE, PUBLIC = Sealed("1", "c2VhbGVk"), {"kty": "EC"}
ADDED = e.WebKeyAdded(private_key=PRIVATE, public_key=PUBLIC, algorithm="ES256")
ADD = c.AddWebKey(key_id="a", instance_id="1", algorithm="ES256")
PAIR = KeyPairFacts(now=NOW, private_key=PRIVATE, public_key=PUBLIC)
ALONE = ActivateFacts(now=NOW)
OLD = Stream("1", "web_key", "old")
AFTER_OLD = ActivateFacts(now=NOW, previous=OLD, previous_version=2)
ACTIVATE, REMOVE = c.ActivateWebKey(key_id="a"), c.RemoveWebKey(key_id="a")


def test_a_key_is_made_once():
    given().when(ADD, PAIR).then(ADDED)
    given(ADDED).when(ADD, PAIR).refuses(refusals.ALREADY_EXISTS)
    given(ADDED, e.WebKeyRemoved()).when(ADD, PAIR).refuses(refusals.ALREADY_EXISTS)


def test_activating_retires_the_key_that_signed_until_now():
    given(ADDED).when(ACTIVATE, ALONE).then(e.WebKeyActivated())
    given(ADDED).when(ACTIVATE, AFTER_OLD).then(
        e.WebKeyActivated(), On(OLD, e.WebKeyDeactivated(), 2, "1")
    )


def test_a_key_that_is_active_stays_so():
    given(ADDED, e.WebKeyActivated()).when(ACTIVATE, AFTER_OLD).then_nothing()


def test_two_keys_never_sign():
    retired = replace(AFTER_OLD, previous_active=False)
    given(ADDED).when(ACTIVATE, retired).refuses(CONTENDED)


FOR_FAPI = c.AddProfileKey(key_id="a", instance_id="1", algorithm="ES256", profile="fapi")
ADDED_FOR_FAPI = replace(ADDED, config_type=2, profile="fapi")


def test_the_first_key_of_a_profile_signs_at_once_and_is_made_once():
    claim = Claim(PROFILES, "fapi", refusals.ALREADY_EXISTS)
    given().when(FOR_FAPI, PAIR).then(claim, ADDED_FOR_FAPI, e.WebKeyActivated())
    given(ADDED).when(FOR_FAPI, PAIR).refuses(refusals.ALREADY_EXISTS)
    unknown = replace(FOR_FAPI, algorithm="HS256")
    given().when(unknown, PAIR).refuses(refusals.ALGORITHM_UNSUPPORTED)
    assert state_of("web_key", ADDED_FOR_FAPI).profile == "fapi"


def test_a_key_takes_over_from_one_of_its_own_profile_only():
    of_profile = replace(AFTER_OLD, previous_profile="fapi")
    given(ADDED).when(ACTIVATE, of_profile).refuses(CONTENDED)
    given(ADDED_FOR_FAPI).when(ACTIVATE, AFTER_OLD).refuses(CONTENDED)
    given(ADDED_FOR_FAPI).when(ACTIVATE, of_profile).then(
        e.WebKeyActivated(), On(OLD, e.WebKeyDeactivated(), 2, "1")
    )


def test_a_key_that_does_not_sign_can_be_removed():
    given(ADDED).when(REMOVE).then(e.WebKeyRemoved())
    retired = (ADDED, e.WebKeyActivated(), e.WebKeyDeactivated())
    assert state_of("web_key", *retired).status is Status.INACTIVE
    given(*retired).when(REMOVE).then(e.WebKeyRemoved())


def test_the_key_that_signs_stays():
    given(ADDED, e.WebKeyActivated()).when(REMOVE).refuses(refusals.STILL_ACTIVE)


@pytest.mark.parametrize("history", [[], [ADDED, e.WebKeyRemoved()]])
@pytest.mark.parametrize("order", [ACTIVATE, REMOVE])
def test_what_is_not_there_takes_no_orders(order, history):
    given(*history).when(order, ALONE).refuses(refusals.NOT_FOUND)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_rsa_keys_have_sizes_that_hold(algorithm, bits):
    check(algorithm, bits)
    with refuses(refusals.ALGORITHM_UNSUPPORTED):
        check(algorithm, 1024)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "PS256", "ES256K", ""])
def test_nobody_signs_with_what_proves_nothing(algorithm):
    with refuses(refusals.ALGORITHM_UNSUPPORTED):
        check(algorithm, 2048)


def test_curves_have_one_size_each():
    for algorithm in ("ES256", "ES384", "ES512", "EdDSA"):
        check(algorithm, 0)
