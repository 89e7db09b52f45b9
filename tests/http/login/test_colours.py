import re

from hypothesis import given, settings
from hypothesis import strategies as st
from personae.actors.domain.policies import LabelPolicy
from personae.http.login.branding import brand_of
from personae.http.login.colours import BLACK, WHITE, Colour

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
READABLE = [
    ("text", "surface"),
    ("text", "page"),
    ("muted", "surface"),
    ("muted", "page"),
    ("link", "surface"),
    ("link", "page"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-tint", "tint"),
    ("warn", "alarm"),
    ("text", "alarm"),
    ("text", "hover"),
    ("link", "hover"),
    ("muted", "hover"),
]
SEEN = [("edge", "surface"), ("warn", "surface"), ("accent-edge", "surface")]


def values(css):
    return {
        name: Colour.parse(value, "#f0f") for name, value in re.findall(r"--([a-z-]+):(#\w+)", css)
    }


@settings(max_examples=60, deadline=None)
@given(colours, colours, colours, colours)
def test_whatever_colours_are_chosen_text_is_readable(page, font, primary, warn):
    label = LabelPolicy(
        background_color=page, font_color=font, primary_color=primary, warn_color=warn, theme_mode=2
    )
    found = values(brand_of(label).css)
    for ink, ground in READABLE:
        assert found[ink].contrast(found[ground]) >= 4.5, (ink, ground)
    for ink, ground in SEEN:
        assert found[ink].contrast(found[ground]) >= 3, (ink, ground)


def test_contrast_is_as_wcag_defines_it():
    assert WHITE.contrast(BLACK) == 21
    assert round(Colour.parse("#767676", "").contrast(WHITE), 2) == 4.54


def test_good_colours_stay_as_they_were_chosen():
    found = values(brand_of(LabelPolicy(primary_color="#5469d4", theme_mode=2)).css)
    assert str(found["accent"]) == "#5469d4"
    assert str(found["text"]) == "#000000"


def test_a_fixed_theme_ignores_the_system():
    light, dark = (brand_of(LabelPolicy(theme_mode=mode)).css for mode in (2, 3))
    assert "@media" not in light + dark
    assert "color-scheme:light" in light
    assert "color-scheme:dark" in dark
    assert "@media" in brand_of(LabelPolicy(theme_mode=1)).css


def test_colours_are_read_in_every_spelling():
    assert Colour.parse("#FfF", "") == Colour.parse(" #ffffff80 ", "") == WHITE
    for odd in ("red", "#12345", "", "#ffffff;x"):
        assert str(Colour.parse(odd, "#5469d4")) == "#5469d4"
