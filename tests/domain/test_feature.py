"""Features: set on a level, changed, taken back."""

import pytest
from personae.actors.domain.feature import commands as c
from personae.actors.domain.feature import refusals
from personae.actors.domain.feature.events import FEATURES, RESET, SET, Level, LoginV2
from personae.actors.domain.kit import name_of
from personae.store.codec import decode, encode

from tests.domain.language import given, state_of

HERE, ALL = Level.INSTANCE, Level.SYSTEM


def set_(level=HERE, **values):
    return c.SetFeatures(owner_id="1", level=level, values=values)


@pytest.mark.parametrize(("level", "name"), SET)
def test_every_feature_is_set_and_read_back(level, name):
    event = SET[level, name](value=FEATURES[name].default)
    given().when(set_(level, **{name: event.value})).then(event)
    given(event).when(set_(level, **{name: event.value})).then_nothing()
    assert decode(*encode(event)) == event
    assert name_of(event) == f"feature.{level}.{name}.set"


def test_off_is_a_value_of_its_own():
    off = SET[HERE, "user_schema"](value=False)
    given().when(set_(user_schema=False)).then(off)
    assert state_of("feature", off).values == {"user_schema": False}
    assert encode(off)[1] == {"Value": False}


def test_a_reset_takes_back_everything():
    on, reset = SET[ALL, "user_schema"](value=True), c.ResetFeatures(owner_id="1", level=ALL)
    given(on).when(reset).then(RESET[ALL]())
    given(on, RESET[ALL]()).when(reset).then_nothing()


def test_features_of_the_instance_alone_are_unknown_to_the_system():
    given().when(set_(ALL, debug_oidc_parent_error=True)).refuses(refusals.UNKNOWN)
    given().when(set_(HERE, no_such=True)).refuses(refusals.UNKNOWN)


def test_sign_in_pages_elsewhere_have_a_safe_address():
    good, bad = LoginV2(base_uri="https://login.test"), LoginV2(base_uri="javascript:alert(1)")
    given().when(set_(login_v2=good)).then(SET[HERE, "login_v2"](value=good))
    given().when(set_(login_v2=bad)).refuses(refusals.BASE_URI_INVALID)
