"""Clients prove who they are by keys, never by secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.errors import CLIENT_METHOD_WRONG

if TYPE_CHECKING:
    from personae.http.oidc.clients import Method

ALLOWED: tuple[Method, ...] = (
    AuthMethod.PRIVATE_KEY_JWT,
    CertificateMethod.CA,
    CertificateMethod.SELF_SIGNED,
)


def check_method(method: Method) -> None:
    """Allow mutual TLS and private_key_jwt (5.3.2.1)."""
    if method not in ALLOWED:
        raise CLIENT_METHOD_WRONG()
