from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personae.actors.domain.lifetimes import LONGEST, end, nanoseconds

from tests.domain.language import NOW


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (timedelta(), 0),
        (timedelta(microseconds=1), 1_000),
        (timedelta(days=1, seconds=1), 86_401_000_000_000),
        (timedelta(seconds=-1), -1_000_000_000),
    ],
)
def test_durations_are_whole_nanoseconds(life, expected):
    assert nanoseconds(life) == expected


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=106_000)))
def test_a_life_ends_exactly_when_it_should(life):
    assert end(NOW, nanoseconds(life)) == NOW + life


def test_the_longest_life_has_an_end():
    assert end(NOW, LONGEST).year == 2319
