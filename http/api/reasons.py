"""Why the API refuses what the definition allows and nothing here can do yet."""

from __future__ import annotations

from personae.actors.domain.kit import Code, reason

FIELD_UNSUPPORTED = reason("REQUEST-FieldUnsupported", Code.UNIMPLEMENTED)
SAML_UNSUPPORTED = reason("APP-SamlUnsupported", Code.UNIMPLEMENTED)
