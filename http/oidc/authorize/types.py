"""Response types: what the endpoint answers with (OAuth 2.0 Multiple Response Types)."""

from __future__ import annotations

from personae.actors.domain.project.values import ResponseType
from personae.http.identity.authorization_answer import FRAGMENT
from personae.http.oidc.authorize.response import MODES
from personae.http.oidc.form import Form, words

TYPES = {
    ("code",): ResponseType.CODE,
    ("id_token",): ResponseType.ID_TOKEN,
    ("id_token", "token"): ResponseType.ID_TOKEN_TOKEN,
}
"""By their words in order: "the order of values does not matter" (RFC 6749, 3.1.1)."""
_IN_FRAGMENT = {"token", "id_token"}


def type_of(form: Form) -> ResponseType | None:
    """Return the response type that is asked for, if it is one of ours."""
    return TYPES.get(tuple(sorted(words(form.get("response_type")))))


def of_tokens(form: Form) -> bool:
    """Say whether tokens themselves are asked for (the implicit flow, OIDC Core, 3.2)."""
    return type_of(form) not in {ResponseType.CODE, None}


def mode_of(form: Form) -> int:
    """Return how the answer comes back: as asked, else what the response type has by default.

    One that is not ours has its default, too: whoever asks for tokens reads the error in the
    fragment (RFC 6749, 4.2.2.1; Multiple Response Types, section 5).
    """
    fragment = not _IN_FRAGMENT.isdisjoint(words(form.get("response_type")))
    return MODES.get(form.get("response_mode"), FRAGMENT if fragment else 0)
