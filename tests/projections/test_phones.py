"""Numbers are written alike, and none is made up."""

import doctest

import pytest
from personae.projections import phones


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("+41791234567", "+41791234567"),
        ("+1 (650) 253-0000", "+16502530000"),
        ("+44 (0)20 7031 3000", "+442070313000"),
        ("00 49 30 123456", "+4930123456"),
        ("030 123456", "030123456"),
        ("+491", "+491"),
        ("+999 123", "+999123"),
        ("", ""),
        ("nobody", "nobody"),
        ("9" * 300, "9" * 200),
    ],
)
def test_a_number_that_says_its_country_is_written_as_all_are(typed, normal):
    assert phones.normal(typed) == normal
    assert phones.normal(normal) == normal


def test_the_examples_hold():
    assert doctest.testmod(phones).failed == 0
