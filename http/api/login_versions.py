"""Which sign-in pages an application wants, as requests say it and answers show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.actors.domain.project.values import LoginVersion


def wanted(config: Any) -> dict[str, Any]:
    """Return which sign-in pages are wanted, nothing where that is not said."""
    match config.login_version.WhichOneof("version"):
        case "login_v1":
            return {"login_version": LoginVersion.V1, "login_base_uri": ""}
        case "login_v2":
            uri = config.login_version.login_v2.base_uri
            return {"login_version": LoginVersion.V2, "login_base_uri": uri}
    return {}


def shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field of an answer, nothing where no pages were chosen."""
    match config["login_version"]:
        case LoginVersion.V1:
            return {"login_version": {"login_v1": {}}}
        case LoginVersion.V2:
            uri = config["login_base_uri"]
            return {"login_version": {"login_v2": {"base_uri": uri} if uri else {}}}
    return {}
