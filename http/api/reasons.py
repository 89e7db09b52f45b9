"""Why the API refuses what the definition allows and nothing here can do yet."""

from __future__ import annotations

from personae.actors.domain.kit import Code, reason

SAML_UNSUPPORTED = reason("APP-SamlUnsupported", Code.UNIMPLEMENTED)
INTENT_UNSUPPORTED = reason("IDP-IntentUnsupported", Code.UNIMPLEMENTED)
