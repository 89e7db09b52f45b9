"""What the endpoint shall answer with."""

from __future__ import annotations

from personae.actors.domain.project.values import ResponseType
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import type_of
from personae.http.oidc.errors import RESPONSE_TYPE_UNSUPPORTED


def check_response_type(ask: Ask) -> None:
    """Take what the client registered; tokens in the answer only where that is allowed at all.

    "Clients SHOULD NOT use the implicit grant" (RFC 9700, 2.1.2).
    """
    ask.form.required("response_type")
    wanted = type_of(ask.form)
    known = ask.oidc.response_types or (ResponseType.CODE,)
    if wanted not in known or not (ask.implicit or wanted is ResponseType.CODE):
        raise RESPONSE_TYPE_UNSUPPORTED()
