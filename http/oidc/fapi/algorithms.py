"""Which signatures the profile allows (FAPI 2.0 Security Profile, 5.4.1)."""

from __future__ import annotations

from collections.abc import Collection

from personae.actors.domain.web_key.values import FAPI_ALGORITHMS
from personae.http.identity.jose import ALGORITHMS


def allowed(*, fapi: bool) -> Collection[str]:
    """Return the algorithms that may sign what a client sends."""
    return FAPI_ALGORITHMS if fapi else ALGORITHMS
