"""``personae.application.v1.ApplicationSettingsService``: what profiles of OAuth know."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.commands import SetOAuthSettings
from personae.actors.domain.project.oauth import (
    THUMBPRINT,
    CertificateMethod,
    CertificateSubject,
    OAuthChanges,
    OAuthSettings,
    SubjectKind,
)
from personae.actors.domain.project.refusals import APP_NOT_FOUND, CERTIFICATE_INVALID
from personae.http.api.reading import aggregate_of, given, services_of
from personae.http.identity.certificates import certificate_of
from personae.http.identity.signer import signer_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "personae.application.v1.ApplicationSettingsService"
METHODS = tuple(CertificateMethod)
"""By the numbers of the API."""


@rpc(f"{SERVICE}/SetApplicationSettings")
async def set_application_settings(request: Any, call: Call) -> Message:
    """Change what is given; a list that is given replaces the one before."""
    order = SetOAuthSettings(
        project_id=request.project_id,
        app_id=request.application_id,
        changes=changes_of(request.settings),
    )
    done = await call.send(order)
    if order.changes.fapi:
        # What signs for the profile is published before it signs.
        await signer_of(services_of(call), call.caller.instance_id, fapi=True)
    return call.reply(change_date=done.changed_at)


def changes_of(asked: Any) -> OAuthChanges:
    """Return what a request changes. Raises APP-CertificateInvalid."""
    method = given(asked, "certificate_method")
    certificates = _values(asked, "certificates")
    return OAuthChanges(
        fapi=given(asked, "fapi"),
        require_pushed=given(asked, "require_pushed_authorization_requests"),
        dpop_bound=given(asked, "dpop_bound_access_tokens"),
        certificate_bound=given(asked, "certificate_bound_access_tokens"),
        certificate_method=None if method is None else METHODS[method],
        certificate_subject=_subject(asked),
        certificates=None if certificates is None else tuple(map(_thumbprint, certificates)),
        resources=_values(asked, "resources"),
        authorization_types=_values(asked, "authorization_details_types"),
        ask_consent=given(asked, "ask_consent"),
        front_channel_logout_uri=given(asked, "front_channel_logout_uri"),
        jwks_uri=given(asked, "jwks_uri"),
    )


def _values(asked: Any, field: str) -> tuple[str, ...] | None:
    return tuple(getattr(asked, field).values) if asked.HasField(field) else None


def _subject(asked: Any) -> CertificateSubject | None:
    kind = asked.certificate_subject.WhichOneof("name")
    if kind is None:
        return None
    return CertificateSubject(SubjectKind(kind), getattr(asked.certificate_subject, kind))


def _thumbprint(text: str) -> str:
    if THUMBPRINT.fullmatch(text):
        return text
    try:
        return certificate_of(text).thumbprint
    except Refusal:
        raise CERTIFICATE_INVALID() from None


@rpc(f"{SERVICE}/GetApplicationSettings")
async def get_application_settings(request: Any, call: Call) -> Message:
    """Return the settings, to those who may see the application."""
    project = await aggregate_of(call, "project", request.project_id)
    app = project.state.apps.get(request.application_id)
    permissions = services_of(call).world.permissions
    if app is None or not await permissions.allows(
        call.caller, "project.app.read", project.owner, request.project_id
    ):
        raise APP_NOT_FOUND()
    return call.reply(settings=settings_of(app.oauth))


def settings_of(settings: OAuthSettings) -> dict[str, Any]:
    """Return settings as the API shows them."""
    subject = settings.certificate_subject
    return {
        "fapi": settings.fapi,
        "require_pushed_authorization_requests": settings.require_pushed,
        "dpop_bound_access_tokens": settings.dpop_bound,
        "certificate_bound_access_tokens": settings.certificate_bound,
        "certificate_method": METHODS.index(settings.certificate_method),
        "certificate_subject": {subject.kind.value: subject.value} if subject else None,
        "certificates": {"values": settings.certificates},
        "resources": {"values": settings.resources},
        "authorization_details_types": {"values": settings.authorization_types},
        "ask_consent": settings.ask_consent,
        "front_channel_logout_uri": settings.front_channel_logout_uri,
        "jwks_uri": settings.jwks_uri,
    }
