"""Which profiles of OAuth the settings turn on."""

from __future__ import annotations

from pathlib import Path

from personae.config.errors import StartError
from personae.config.settings import Settings
from personae.http.identity.certificates import Authorities
from personae.http.oidc.provider import DetailsType, Profiles


def profiles_of(settings: Settings) -> Profiles:
    """Return the profiles. Raises ``StartError`` when a file that they name cannot be used."""
    return Profiles(
        certificates=bool(settings.server.client_certificate_header),
        details={
            name: DetailsType(frozenset(each.required), frozenset(each.optional))
            for name, each in settings.oidc.authorization_details.items()
        },
        registration_project=settings.oidc.registration_project,
        authorities=_authorities(settings.server.client_certificate_authorities),
    )


def _authorities(file: Path | None) -> Authorities:
    if file is None:
        return Authorities(())
    try:
        return Authorities.of_pem(file.read_bytes())
    except (OSError, ValueError) as error:
        key = "server.client_certificate_authorities"
        raise StartError(f"{key}: {file} is no file of PEM certificates") from error
