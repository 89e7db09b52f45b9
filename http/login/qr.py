"""QR codes as pictures inside of a page: nothing is fetched, and every theme shows them alike."""

from __future__ import annotations

import segno


def qr_code(text: str) -> str:
    """Return a QR code as SVG, dark on light with the quiet zone that readers need."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))
