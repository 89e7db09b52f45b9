"""An instance's colours as CSS custom properties, always readable whatever was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from personae.actors.domain.policies import LabelPolicy
from personae.http.login.colours import BLACK, WHITE, Colour

MODES = {2: "light", 3: "dark"}
"""Theme modes as the API numbers them; everything else follows the browser."""

_BRIGHT = 0.179
"""The luminance at which black and white stand out equally."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What pages take from the label policy: the theme's mode, and the rules that set colours."""

    mode: str
    css: str


@lru_cache(maxsize=1024)
def brand_of(label: LabelPolicy) -> Brand:
    """Return the brand of an instance; computed once for each policy."""
    light = _properties(
        Colour.parse(label.background_color, "#fafafa"),
        Colour.parse(label.font_color, "#000000"),
        Colour.parse(label.primary_color, "#5469d4"),
        Colour.parse(label.warn_color, "#cd3d56"),
    )
    dark = _properties(
        Colour.parse(label.background_color_dark, "#111827"),
        Colour.parse(label.font_color_dark, "#ffffff"),
        Colour.parse(label.primary_color_dark, "#2073c4"),
        Colour.parse(label.warn_color_dark, "#ff3b5b"),
    )
    mode = MODES.get(label.theme_mode, "auto")
    return Brand(mode, _rules(mode, light, dark))


def _rules(mode: str, light: str, dark: str) -> str:
    if mode == "auto":
        return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{dark if mode == 'dark' else light}}}"


def _properties(page: Colour, font: Colour, primary: Colour, warn: Colour) -> str:
    """Return the declarations: text at 4.5:1 on what is behind it, outlines at 3:1."""
    bright = page.luminance > _BRIGHT
    surface = WHITE if bright else _raised(page)
    text = font.readable(surface, page, least=7)
    hover = surface.mixed(text, 0.05)
    grounds = (surface, page, hover)
    on_accent = WHITE if primary.contrast(WHITE) >= 4.5 else BLACK  # noqa: PLR2004 — WCAG 1.4.3
    tint = surface.mixed(primary, 0.14)
    alarm = surface.mixed(warn, 0.08)
    values = {
        "page": page,
        "surface": surface,
        "text": text,
        "muted": text.mixed(surface, 0.38).readable(*grounds),
        "line": surface.mixed(text, 0.12),
        "edge": surface.mixed(text, 0.3).readable(surface, least=3),
        "hover": hover,
        "accent": primary,
        "accent-edge": primary.readable(surface, least=3),
        "accent-hover": primary.mixed(BLACK if on_accent == WHITE else WHITE, 0.12),
        "on-accent": on_accent,
        "tint": tint,
        "on-tint": primary.readable(tint),
        "link": primary.readable(*grounds),
        "warn": warn.readable(alarm, surface),
        "alarm": alarm,
    }
    scheme = "light" if bright else "dark"
    return f"color-scheme:{scheme};" + "".join(f"--{key}:{value};" for key, value in values.items())


def _raised(page: Colour) -> Colour:
    """Return the surface above a dark page: a little lighter, while white text allows it."""
    lighter = page.mixed(WHITE, 0.05)
    return lighter if lighter.contrast(WHITE) >= 7 else page.mixed(BLACK, 0.5)  # noqa: PLR2004 — WCAG 1.4.6
