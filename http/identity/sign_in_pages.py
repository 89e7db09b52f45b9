"""At which pages people sign in for an application: at ours, or at those of others."""

from __future__ import annotations

from personae.actors.aggregates.world import World
from personae.actors.domain.feature.events import LoginV2
from personae.actors.domain.project.state import OIDCConfig, SAMLConfig
from personae.actors.domain.project.values import LoginVersion
from personae.http.identity.features import feature


async def pages_elsewhere(
    world: World, instance_id: str, app: OIDCConfig | SAMLConfig | None, *, org_id: str = ""
) -> str:
    """Return where the pages of others are, without a slash at the end; empty for ours.

    A feature ``login_v2`` that is required overrides an application that wants ours; pages that an
    application names come before those of the feature, which alone counts without an application.
    """
    login: LoginV2 = await feature(world, instance_id, "login_v2", org_id=org_id)
    wanted = app is not None and app.login_version is LoginVersion.V2
    if not (wanted or login.required):
        return ""
    own = app.login_base_uri if app and wanted else ""
    return (own or login.base_uri).rstrip("/")
