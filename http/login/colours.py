"""Colours: reading, mixing, and the contrast that makes text readable (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEX = re.compile(r"#([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?|#([0-9a-fA-F]{3})")
_SHORT = 3
_STEPS = 40


class Colour(NamedTuple):
    """A colour in sRGB, each part from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, text: str, otherwise: str) -> Colour:
        """Read ``#rgb`` or ``#rrggbb``; anything else counts as ``otherwise``. Ignores alpha."""
        match = _HEX.fullmatch(text.strip())
        digits = (match[1] or match[2]) if match else otherwise[1:]
        if len(digits) == _SHORT:
            digits = "".join(digit * 2 for digit in digits)
        return cls(*bytes.fromhex(digits))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def mixed(self, other: Colour, share: float) -> Colour:
        """Return the colour with a share of another in it."""
        pairs = zip(self, other, strict=True)
        return Colour(*(round(mine + (theirs - mine) * share) for mine, theirs in pairs))

    @property
    def luminance(self) -> float:
        """The relative luminance, 0 for black and 1 for white."""
        red, green, blue = (_linear(part / 255) for part in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, other: Colour) -> float:
        """Return the contrast ratio with another colour, from 1 to 21."""
        low, high = sorted((self.luminance, other.luminance))
        return (high + 0.05) / (low + 0.05)

    def readable(self, *grounds: Colour, least: float = 4.5) -> Colour:
        """Return the colour nearest to this one that stands out from all grounds.

        It moves towards black or white, whichever stands out more from the hardest of them.
        """
        end = max(BLACK, WHITE, key=lambda tone: min(map(tone.contrast, grounds)))
        for step in range(_STEPS + 1):
            found = self.mixed(end, step / _STEPS)
            if all(found.contrast(ground) >= least for ground in grounds):
                return found
        return end


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 — sRGB's own constants


BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)
