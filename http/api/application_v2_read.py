"""``zitadel.application.v2.ApplicationService``: reading applications."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.project.compliance import problems
from personae.actors.domain.project.origins import web_origins
from personae.actors.domain.project.refusals import APP_NOT_FOUND
from personae.actors.domain.project.state import KEPT, OIDCConfig
from personae.actors.domain.project.values import ApplicationType, AuthMethod
from personae.http.api import login_versions
from personae.http.api.reading import IN_ORG, page_of, paged, services_of, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.api.saml_configuration import configuration_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.apps import APPS, Type
from personae.projections.kit import Allowed, Condition, Question, Row

SERVICE = "zitadel.application.v2.ApplicationService"
SORTED_BY = ("id", "name", "state", "creation_date", "change_date")
"""Columns by the numbers of ``ApplicationSorting``."""


@rpc(f"{SERVICE}/GetApplication")
async def get_application(request: Any, call: Call) -> Message:
    """Return one application."""
    question = Question(
        table=APPS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        where={"id": request.application_id},
        limit=1,
    )
    rows = (await page_of(call, question)).rows
    if not rows:
        raise APP_NOT_FOUND()
    return call.reply(application=application_of(call, rows[0]))


@rpc(f"{SERVICE}/ListApplications")
async def list_applications(request: Any, call: Call) -> Any:
    """Return the applications that match, of those the caller may see."""
    question = Question(
        table=APPS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    return call.listing(
        applications=[application_of(call, row) for row in page.rows],
        pagination=pagination(page, question),
    )


async def _visible(call: Call) -> Allowed | Condition:
    return await visible(call, "project.app.read", by=IN_ORG | {"project": "project_id"})


def application_of(call: Call, row: Row) -> dict[str, Any]:
    """Return an application as the API shows it."""
    app = {
        "application_id": row.id,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "state": row.state,
        "name": row.name,
        "project_id": row.project_id,
    }
    if row.type == Type.OIDC:
        app["oidc_configuration"] = _oidc(call, row)
    elif row.type == Type.API:
        method = row.config["auth_method_type"]
        app["api_configuration"] = {"client_id": row.client_id, "auth_method_type": method}
    elif row.type == Type.SAML:
        app["saml_configuration"] = configuration_of(row)
    return app


def _oidc(call: Call, row: Row) -> dict[str, Any]:
    config = row.config
    return {
        "redirect_uris": config["redirect_uris"],
        "response_types": [number + 1 for number in config["response_types"]],
        "grant_types": config["grant_types"],
        "application_type": config["application_type"],
        "client_id": row.client_id,
        "auth_method_type": config["auth_method_type"],
        "post_logout_redirect_uris": config["post_logout_redirect_uris"],
        **compliance(call, _client(row)),
        "development_mode": config["dev_mode"],
        "access_token_type": config["access_token_type"],
        "access_token_role_assertion": config["access_token_role_assertion"],
        "id_token_role_assertion": config["id_token_role_assertion"],
        "id_token_userinfo_assertion": config["id_token_userinfo_assertion"],
        "clock_skew": timedelta(microseconds=config["clock_skew"] / 1000),
        "additional_origins": config["additional_origins"],
        "allowed_origins": web_origins(config["redirect_uris"], config["additional_origins"]),
        "skip_native_app_success_page": config["skip_native_app_success_page"],
        "back_channel_logout_uri": config["back_channel_logout_uri"],
        **login_versions.shown(config),
    }


def _client(row: Row) -> OIDCConfig:
    """Return the client that compliance is asked about."""
    config = {name: value for name, value in row.config.items() if name in KEPT}
    return OIDCConfig(
        client_id=row.client_id,
        **config
        | {
            "application_type": ApplicationType(config["application_type"]),
            "auth_method_type": AuthMethod(config["auth_method_type"]),
        },
    )


def compliance(call: Call, client: OIDCConfig) -> dict[str, Any]:
    """Return what about a client does not comply with OpenID Connect, in the caller's language."""
    sentences = services_of(call).texts.tree(call.language, "compliance")
    found = [{"key": key, "localized_message": sentences.get(key, key)} for key in problems(client)]
    return {"non_compliant": bool(found), "compliance_problems": found}
