"""``zitadel.application.v2.ApplicationService``: creating, changing and deleting applications."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeVar

from google.protobuf.message import Message
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import values as v
from personae.actors.domain.project.events import OIDCConfigAdded
from personae.actors.domain.project.state import KEPT, OIDCConfig
from personae.http.api import login_versions, saml_configuration
from personae.http.api.application_v2_read import compliance
from personae.http.api.key_files import key_file
from personae.http.api.reading import given, services_of
from personae.http.api.times import moment
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.application.v2.ApplicationService"
N = TypeVar("N", bound=IntEnum)


@rpc(f"{SERVICE}/CreateApplication")
async def create_application(request: Any, call: Call) -> Message:
    """Create an application; the secret of a confidential one is shown once."""
    services = services_of(call)
    app_id, client_id = request.application_id or services.new_id(), services.new_id()
    kind = request.WhichOneof("application_type")
    if kind == "saml_configuration":
        order = await saml_configuration.new_provider(
            request.saml_configuration,
            call,
            project_id=request.project_id,
            app_id=app_id,
            name=request.name,
        )
        done = await call.send(order)
        return call.reply(
            application_id=app_id, creation_date=done.changed_at, saml_configuration={}
        )
    done = await call.send(_new_app(request, kind, app_id, client_id))
    answer = {"client_id": client_id, "client_secret": done.secrets.get("client_secret")}
    for event in done.events:
        if isinstance(event, OIDCConfigAdded):
            config = OIDCConfig(**{name: getattr(event, name) for name in KEPT})
            answer |= compliance(call, config)
    return call.reply(application_id=app_id, creation_date=done.changed_at, **{kind: answer})


def _new_app(
    request: Any, kind: str | None, app_id: str, client_id: str
) -> c.AddOIDCApp | c.AddAPIApp:
    new = {
        "project_id": request.project_id,
        "app_id": app_id,
        "client_id": client_id,
        "name": request.name,
    }
    match kind:
        case "oidc_configuration":
            return c.AddOIDCApp(**new, client=client_of(request.oidc_configuration))
        case "api_configuration":
            method = v.APIAuthMethod(request.api_configuration.auth_method_type)
            return c.AddAPIApp(**new, auth_method=method)
    raise Wrong("oidc_, api_ or saml_configuration", "application_type")


def client_of(config: Any) -> c.NewOIDCClient:
    """Return the client that a configuration describes; code flow unless it says otherwise.

    The API counts response types from one, events from zero.
    """
    responses = [v.ResponseType(number - 1) for number in config.response_types]
    grants = [v.GrantType(number) for number in config.grant_types]
    return c.NewOIDCClient(
        redirect_uris=tuple(config.redirect_uris),
        response_types=tuple(responses) or (v.ResponseType.CODE,),
        grant_types=tuple(grants) or (v.GrantType.AUTHORIZATION_CODE,),
        application_type=v.ApplicationType(config.application_type),
        auth_method_type=v.AuthMethod(config.auth_method_type),
        post_logout_redirect_uris=tuple(config.post_logout_redirect_uris),
        dev_mode=config.development_mode,
        access_token_type=v.TokenType(config.access_token_type),
        access_token_role_assertion=config.access_token_role_assertion,
        id_token_role_assertion=config.id_token_role_assertion,
        id_token_userinfo_assertion=config.id_token_userinfo_assertion,
        clock_skew=nanoseconds(config.clock_skew.ToTimedelta()),
        additional_origins=tuple(config.additional_origins),
        skip_native_app_success_page=config.skip_native_app_success_page,
        back_channel_logout_uri=config.back_channel_logout_uri,
        **login_versions.wanted(config),
    )


@rpc(f"{SERVICE}/UpdateApplication")
async def update_application(request: Any, call: Call) -> Message:
    """Change what is given; lists that are empty stay as they are."""
    oidc, api, saml = None, None, None
    match request.WhichOneof("application_type"):
        case "oidc_configuration":
            oidc = changes_of(request.oidc_configuration)
        case "api_configuration":
            api = v.APIAuthMethod(request.api_configuration.auth_method_type)
        case "saml_configuration":
            saml = await saml_configuration.changes_of(request.saml_configuration, call)
    done = await call.send(
        c.ChangeApp(
            project_id=request.project_id,
            app_id=request.application_id,
            name=request.name,
            oidc=oidc,
            api=api,
            saml=saml,
        )
    )
    return call.reply(change_date=done.changed_at)


def changes_of(config: Any) -> c.OIDCChanges:
    """Return what a configuration says; the API counts response types from one."""
    kind, method = given(config, "application_type"), given(config, "auth_method_type")
    token, skew = given(config, "access_token_type"), given(config, "clock_skew")
    responses = numbers_of(v.ResponseType, config, "response_types", first=1)
    return c.OIDCChanges(
        redirect_uris=tuple(config.redirect_uris) or None,
        response_types=responses or None,
        grant_types=numbers_of(v.GrantType, config, "grant_types") or None,
        application_type=None if kind is None else v.ApplicationType(kind),
        auth_method_type=None if method is None else v.AuthMethod(method),
        post_logout_redirect_uris=tuple(config.post_logout_redirect_uris) or None,
        dev_mode=given(config, "development_mode"),
        access_token_type=None if token is None else v.TokenType(token),
        access_token_role_assertion=given(config, "access_token_role_assertion"),
        id_token_role_assertion=given(config, "id_token_role_assertion"),
        id_token_userinfo_assertion=given(config, "id_token_userinfo_assertion"),
        clock_skew=None if skew is None else nanoseconds(skew.ToTimedelta()),
        additional_origins=tuple(config.additional_origins) or None,
        skip_native_app_success_page=given(config, "skip_native_app_success_page"),
        back_channel_logout_uri=given(config, "back_channel_logout_uri"),
        **login_versions.wanted(config),
    )


def numbers_of(kind: type[N], config: Any, field: str, *, first: int = 0) -> tuple[N, ...]:
    """Return a repeated enumeration of a configuration. Raises :class:`Wrong`."""
    try:
        return tuple(kind(number - first) for number in getattr(config, field))
    except ValueError:
        raise Wrong("defined_only", field, "oidc_configuration") from None


@rpc(f"{SERVICE}/DeleteApplication")
async def delete_application(request: Any, call: Call) -> Message:
    """Delete an application."""
    done = await call.send(
        c.RemoveApp(project_id=request.project_id, app_id=request.application_id)
    )
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/DeactivateApplication")
async def deactivate_application(request: Any, call: Call) -> Message:
    """Stop giving tokens to an application."""
    done = await call.send(
        c.DeactivateApp(project_id=request.project_id, app_id=request.application_id)
    )
    return call.reply(deactivation_date=done.changed_at)


@rpc(f"{SERVICE}/ReactivateApplication")
async def reactivate_application(request: Any, call: Call) -> Message:
    """Give tokens again."""
    done = await call.send(
        c.ReactivateApp(project_id=request.project_id, app_id=request.application_id)
    )
    return call.reply(reactivation_date=done.changed_at)


@rpc(f"{SERVICE}/GenerateClientSecret")
async def generate_client_secret(request: Any, call: Call) -> Message:
    """Make a client secret, in place of the one before; shown once."""
    done = await call.send(
        c.SetClientSecret(project_id=request.project_id, app_id=request.application_id)
    )
    return call.reply(client_secret=done.secrets["client_secret"], creation_date=done.changed_at)


@rpc(f"{SERVICE}/CreateApplicationKey")
async def create_application_key(request: Any, call: Call) -> Message:
    """Make a key pair to sign assertions with; the private half is shown once."""
    key_id = services_of(call).new_id()
    expires = moment(request.expiration_date) if request.HasField("expiration_date") else None
    done = await call.send(
        c.AddAppKey(
            project_id=request.project_id,
            app_id=request.application_id,
            key_id=key_id,
            expires=expires,
        )
    )
    details = key_file(
        "application",
        key_id,
        done.secrets["private_key"],
        expires,
        appId=request.application_id,
        clientId=done.events[-1].client_id,
    )
    return call.reply(key_id=key_id, creation_date=done.changed_at, key_details=details)


@rpc(f"{SERVICE}/DeleteApplicationKey")
async def delete_application_key(request: Any, call: Call) -> Message:
    """Delete a key; what it signed counts no more."""
    done = await call.send(
        c.RemoveAppKey(
            project_id=request.project_id, app_id=request.application_id, key_id=request.key_id
        )
    )
    return call.reply(deletion_date=done.changed_at)
