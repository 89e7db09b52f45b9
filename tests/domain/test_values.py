import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from personae.actors.domain.kit import Refusal
from personae.actors.domain.values import Sealed, key


def keyed(text):
    try:
        return key(text)
    except Refusal:
        return None


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("Gigi", "gigi"),
        (" Gigi ", " gigi "),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("\uff41dmin", "admin"),
        ("\u212aelvin", "kelvin"),
        ("\u0130", "i\u0307"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3"),
        ("\u03bf\u03b4\u03bf\u03c2", "\u03bf\u03b4\u03bf\u03c3"),
        ("cafe\u0301", "caf\u00e9"),
        ("", ""),
    ],
)
def test_names_are_compared_by_unicode_caseless_match(typed, compared):
    """P-47: one function makes the key, in no other program's idea of lower case."""
    assert key(typed) == compared


@pytest.mark.parametrize(
    "hidden",
    [
        "\0",
        "\n",
        "\x7f",
        "\u00ad",
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u3164",
        "\ufe0f",
        "\u034f",
        "\ud800",
        "\ue000",
        "\u0378",
        "\u2028",
        "\U000e0041",
        "\U000e0100",
    ],
)
def test_what_cannot_be_seen_is_refused(hidden):
    """P-43, P-47: NUL, controls, zero-width, bidi, surrogates, fillers, unassigned."""
    with pytest.raises(Refusal, match="NAME-Unreadable"):
        key(f"gi{hidden}gi")


def test_a_name_without_end_is_refused():
    with pytest.raises(Refusal, match="NAME-TooLong"):
        key("a" * 1001)


@given(st.text())
@example("\u1e9b\u0323")
@example("\u0345\u03b1\u0301")
def test_the_key_of_a_key_is_itself(text):
    once = keyed(text)
    assert once is None or key(once) == once


@given(st.text())
def test_case_and_composition_make_no_difference(text):
    if keyed(text) is not None:
        assert key(unicodedata.normalize("NFD", text)) == key(text)
        assert key(text.casefold()) == key(text)


def test_the_key_of_every_character_is_stable():
    keys = {k for i in range(0x30000) if (k := keyed(chr(i))) is not None}
    assert all(key(k) == k for k in keys)


def test_a_sealed_secret_shows_nothing_when_printed():
    assert "c2VjcmV0" not in repr(Sealed("1", "c2VjcmV0"))
