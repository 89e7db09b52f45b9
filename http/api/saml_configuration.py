"""What requests say of SAML service providers: metadata as it is, or where it is fetched from."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from personae.actors.domain.project import commands as c
from personae.actors.domain.project.refusals import METADATA_INVALID, METADATA_UNREACHABLE
from personae.actors.domain.project.values import LoginVersion
from personae.http.api.login_versions import shown, wanted
from personae.http.api.reading import services_of
from personae.http.identity.saml.metadata import described
from personae.http.identity.saml.xml import LONGEST, Unreadable
from personae.http.wire.call import Call
from personae.http.wire.wrong import Wrong
from personae.projections.kit import Row


async def new_provider(config: Any, call: Call, **new: Any) -> c.AddSAMLApp:
    """Return the order that creates a service provider.

    Raises :class:`Wrong`, APP-SamlMetadataInvalid, APP-SamlMetadataUnreachable.
    """
    changes = await changes_of(config, call)
    if changes.entity_id is None or changes.metadata is None:
        raise Wrong("metadata_xml or metadata_url", "metadata", "saml_configuration")
    return c.AddSAMLApp(
        **new,
        entity_id=changes.entity_id,
        metadata=changes.metadata,
        metadata_url=changes.metadata_url or "",
        login_version=changes.login_version or LoginVersion.UNSPECIFIED,
        login_base_uri=changes.login_base_uri or "",
    )


async def changes_of(config: Any, call: Call) -> c.SAMLChanges:
    """Return what a configuration says; metadata replaces what was there, an address too."""
    login = wanted(config)
    match config.WhichOneof("metadata"):
        case "metadata_xml":
            return c.SAMLChanges(**_read(config.metadata_xml, call), metadata_url="", **login)
        case "metadata_url":
            url = config.metadata_url
            found = await services_of(call).fetch(url, LONGEST) if url else None
            if found is None:
                raise METADATA_UNREACHABLE()
            return c.SAMLChanges(**_read(found, call), metadata_url=url, **login)
    return c.SAMLChanges(**login)


def _read(metadata: bytes, call: Call) -> dict[str, Any]:
    try:
        found = described(metadata)
    except Unreadable as why:
        raise METADATA_INVALID(why=str(why)) from None
    if found.valid_until and found.valid_until <= services_of(call).world.now():
        raise METADATA_INVALID(why="validUntil has passed")
    return {"entity_id": found.entity_id, "metadata": bytes(metadata)}


def configuration_of(row: Row) -> dict[str, Any]:
    """Return the configuration of a service provider as the API shows it."""
    config = row.config
    url = {"metadata_url": config["metadata_url"]} if config["metadata_url"] else {}
    return {"metadata_xml": b64decode(config["metadata"]), **url, **shown(config)}
