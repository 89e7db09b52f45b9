"""What the endpoint shall answer with."""

from __future__ import annotations

from personae.actors.domain.project.values import ResponseType
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.errors import RESPONSE_TYPE_UNSUPPORTED


def check_response_type(ask: Ask) -> None:
    """Take ``code`` only, and only of clients that registered it.

    "Clients SHOULD NOT use the implicit grant" (RFC 9700, 2.1.2).
    """
    wanted = ask.form.required("response_type")
    types = ask.oidc.response_types
    if wanted != "code" or (types and ResponseType.CODE not in types):
        raise RESPONSE_TYPE_UNSUPPORTED()
