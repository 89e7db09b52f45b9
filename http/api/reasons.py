"""Why the API refuses what the definition allows and nothing here can do yet."""

from __future__ import annotations

from personae.actors.domain.kit import Code, reason

IMPLICIT_UNSUPPORTED = reason("OIDC-ImplicitUnsupported", Code.UNIMPLEMENTED)
FORM_POST_UNSUPPORTED = reason("OIDC-FormPostUnsupported", Code.UNIMPLEMENTED)
