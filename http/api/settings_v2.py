"""``zitadel.settings.v2.SettingsService``: what holds in an organisation, and who said so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.idp.presets import PRESETS
from personae.actors.domain.idp.values import AutoLinking, Idp, IdpKind
from personae.actors.domain.instance import commands as c
from personae.actors.domain.org.refusals import NOT_FOUND
from personae.actors.domain.policies import (
    DomainPolicy,
    LabelPolicy,
    LockoutPolicy,
    PasswordAgePolicy,
    PasswordComplexityPolicy,
    Policies,
    PrivacyPolicy,
    SecurityPolicy,
)
from personae.http.api.idps import name_of, options_of
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.replies import aggregate_details, done_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.settings.v2.SettingsService"
OF_INSTANCE, OF_ORG = 1, 2
"""``ResourceOwnerType``: whose policy it is that holds."""
TYPES = {kind: preset.number for kind, preset in PRESETS.items()} | {IdpKind.APPLE: 12}
"""Kinds of identity providers as ``IdentityProviderType`` numbers them."""


async def answer(request: Any, call: Call, field: str, shown: Callable[[Any], Any]) -> Message:
    """Answer with a policy by its name, and with whose it is."""
    org_id = await org_of(request, call)
    owner = await aggregate_of(call, "org", org_id) if org_id else None
    if owner is not None and not owner.state.exists:
        raise NOT_FOUND()
    if owner is None or field not in owner.state.overrides:
        kind, owner = OF_INSTANCE, await aggregate_of(call, "instance", call.caller.instance_id)
    else:
        kind = OF_ORG
    policies = await policies_of(services_of(call).world, call.caller.instance_id, org_id)
    settings = shown(policies) | {"resource_owner_type": kind}
    return call.reply(details=aggregate_details(owner), settings=settings)


async def org_of(request: Any, call: Call) -> str:
    """Return the organisation asked about; none when the instance itself is.

    What the door asked for in the caller's organisation is asked again in another one. Raises
    AUTH-PermissionDenied.
    """
    if request.ctx.instance:
        return ""
    org_id, caller = str(request.ctx.org_id), call.caller
    if org_id and org_id != caller.org_id:
        await services_of(call).permit(caller.at(org_id), call.method.permission)
    return org_id or caller.org_id


def bound(method: str, field: str) -> Callable[[Callable[[Policies], Any]], Any]:
    """Bind a method that shows the policy with a name in ``Policies``."""

    def bind(shown: Callable[[Policies], Any]) -> Callable[[Policies], Any]:
        async def get(request: Any, call: Call) -> Message:
            return await answer(request, call, field, shown)

        rpc(f"{SERVICE}/{method}")(get)
        return shown

    return bind


@bound("GetLoginSettings", "login")
def login_settings(policies: Policies) -> dict[str, Any]:
    """Return who may sign in how, as the API shows it."""
    login = policies.login
    same = (
        "allow_username_password",
        "allow_register",
        "allow_external_idp",
        "force_mfa",
        "force_mfa_local_only",
        "hide_password_reset",
        "ignore_unknown_usernames",
        "default_redirect_uri",
        "allow_domain_discovery",
        "disable_login_with_email",
        "disable_login_with_phone",
    )
    lifetimes = (
        "password_check_lifetime",
        "external_login_check_lifetime",
        "mfa_init_skip_lifetime",
        "second_factor_check_lifetime",
        "multi_factor_check_lifetime",
    )
    return {
        **{name: getattr(login, name) for name in same},
        **{name: timedelta(microseconds=getattr(login, name) // 1000) for name in lifetimes},
        "allow_local_authentication": login.allow_username_password,
        "passkeys_type": login.passwordless_type,
        "second_factors": list(policies.second_factors),
        "multi_factors": list(policies.multi_factors),
    }


@bound("GetPasswordComplexitySettings", "complexity")
def complexity_settings(policies: Policies) -> dict[str, Any]:
    """Return what a password must hold."""
    complexity: PasswordComplexityPolicy = policies.complexity
    return {
        "min_length": complexity.min_length,
        "requires_uppercase": complexity.has_uppercase,
        "requires_lowercase": complexity.has_lowercase,
        "requires_number": complexity.has_number,
        "requires_symbol": complexity.has_symbol,
    }


@bound("GetPasswordExpirySettings", "age")
def expiry_settings(policies: Policies) -> dict[str, Any]:
    """Return how long a password lives."""
    age: PasswordAgePolicy = policies.age
    return {"max_age_days": age.max_age_days, "expire_warn_days": age.expire_warn_days}


@bound("GetBrandingSettings", "label")
def branding_settings(policies: Policies) -> dict[str, Any]:
    """Return the colours and switches of pages."""
    label: LabelPolicy = policies.label
    colours = ("primary_color", "background_color", "warn_color", "font_color")
    return {
        "light_theme": {name: getattr(label, name) for name in colours},
        "dark_theme": {name: getattr(label, f"{name}_dark") for name in colours},
        "hide_login_name_suffix": label.hide_login_name_suffix,
        "disable_watermark": label.disable_watermark,
        "theme_mode": label.theme_mode,
    }


@bound("GetDomainSettings", "domain")
def domain_settings(policies: Policies) -> dict[str, Any]:
    """Return how domains shape user names."""
    domain: DomainPolicy = policies.domain
    matches = domain.smtp_sender_address_matches_instance_domain
    return {
        "login_name_includes_domain": domain.user_login_must_be_domain,
        "require_org_domain_verification": domain.validate_org_domains,
        "smtp_sender_address_matches_instance_domain": matches,
    }


@bound("GetLegalAndSupportSettings", "privacy")
def legal_settings(policies: Policies) -> dict[str, Any]:
    """Return the links people expect."""
    privacy: PrivacyPolicy = policies.privacy
    same = (
        "tos_link",
        "help_link",
        "support_email",
        "docs_link",
        "custom_link",
        "custom_link_text",
    )
    links = {name: getattr(privacy, name) for name in same}
    return {**links, "privacy_policy_link": privacy.privacy_link}


@bound("GetLockoutSettings", "lockout")
def lockout_settings(policies: Policies) -> dict[str, Any]:
    """Return after how many failures an account locks."""
    lockout: LockoutPolicy = policies.lockout
    return {
        "max_password_attempts": lockout.max_password_attempts,
        "max_otp_attempts": lockout.max_otp_attempts,
    }


@rpc(f"{SERVICE}/GetGeneralSettings")
async def get_general_settings(_request: Any, call: Call) -> Message:
    """Return the default organisation and the languages."""
    instance = (await aggregate_of(call, "instance", call.caller.instance_id)).state
    languages = services_of(call).texts.languages
    return call.reply(
        default_org_id=instance.default_org,
        default_organization_id=instance.default_org,
        default_language=instance.language,
        supported_languages=languages,
        allowed_languages=languages,
    )


@rpc(f"{SERVICE}/GetActiveIdentityProviders")
async def get_active_identity_providers(request: Any, call: Call) -> Message:
    """Return the identity providers that people may sign in through."""
    instance = await aggregate_of(call, "instance", call.caller.instance_id)
    org_id = await org_of(request, call)
    policies = await policies_of(services_of(call).world, call.caller.instance_id, org_id)
    idps = instance.state.idps
    found = [
        {"id": id_, "name": name_of(idp), "type": TYPES[idp.kind], "options": options_of(idp)}
        for id_, idp in ((id_, idps[id_]) for id_ in policies.idps if id_ in idps)
        if policies.login.allow_external_idp and _wanted(request, idp)
    ]
    details = {"total_result": len(found), "timestamp": services_of(call).world.now()}
    return call.reply(details=details, identity_providers=found)


def _wanted(request: Any, idp: Idp) -> bool:
    """Say whether a provider has the options that a request names."""
    options = {
        "creation_allowed": idp.is_creation_allowed,
        "linking_allowed": idp.is_linking_allowed,
        "auto_creation": idp.is_auto_creation,
        "auto_linking": idp.auto_linking is not AutoLinking.NONE,
    }
    return all(
        getattr(request, name) == has for name, has in options.items() if request.HasField(name)
    )


@rpc(f"{SERVICE}/GetSecuritySettings")
async def get_security_settings(_request: Any, call: Call) -> Message:
    """Return which pages may embed ours, and whether administrators may act as others."""
    instance = await aggregate_of(call, "instance", call.caller.instance_id)
    security: SecurityPolicy = instance.state.policies.security
    frame = {
        "enabled": security.enable_iframe_embedding,
        "allowed_origins": security.allowed_origins,
    }
    settings = {"embedded_iframe": frame, "enable_impersonation": security.enable_impersonation}
    return call.reply(details=aggregate_details(instance), settings=settings)


@rpc(f"{SERVICE}/SetSecuritySettings")
async def set_security_settings(request: Any, call: Call) -> Message:
    """Replace them."""
    security = SecurityPolicy(
        enable_iframe_embedding=request.embedded_iframe.enabled,
        allowed_origins=tuple(request.embedded_iframe.allowed_origins),
        enable_impersonation=request.enable_impersonation,
    )
    order = c.ChangePolicy(instance_id=call.caller.instance_id, policy=security)
    return call.reply(details=done_details(await call.send(order)))
