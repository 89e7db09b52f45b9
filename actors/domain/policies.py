"""Policies: what an instance sets for all, and an organisation may set for itself.

Field defaults are the absent values of stored payloads; what a new instance starts with comes from
its settings (``config/defaults.yaml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPolicy:
    """Who may sign in how. Lifetimes are nanoseconds."""

    allow_username_password: bool = False
    allow_register: bool = False
    allow_external_idp: bool = False
    force_mfa: bool = False
    force_mfa_local_only: bool = False
    passwordless_type: int = 0
    hide_password_reset: bool = False
    ignore_unknown_usernames: bool = False
    allow_domain_discovery: bool = False
    disable_login_with_email: bool = False
    disable_login_with_phone: bool = False
    default_redirect_uri: str = ""
    password_check_lifetime: int = 0
    external_login_check_lifetime: int = 0
    mfa_init_skip_lifetime: int = 0
    second_factor_check_lifetime: int = 0
    multi_factor_check_lifetime: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordComplexityPolicy:
    """What a password must hold."""

    min_length: int = 0
    has_lowercase: bool = False
    has_uppercase: bool = False
    has_number: bool = False
    has_symbol: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordAgePolicy:
    """How long a password lives, in days; 0 means for ever."""

    expire_warn_days: int = 0
    max_age_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutPolicy:
    """After how many failures an account locks; 0 leaves only the server's own limit."""

    max_password_attempts: int = 0
    max_otp_attempts: int = 0
    show_lock_out_failures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPolicy:
    """How organisations and their domains shape user names."""

    user_login_must_be_domain: bool = False
    validate_org_domains: bool = False
    smtp_sender_address_matches_instance_domain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """Colours and switches of the pages people see."""

    primary_color: str = ""
    background_color: str = ""
    warn_color: str = ""
    font_color: str = ""
    primary_color_dark: str = ""
    background_color_dark: str = ""
    warn_color_dark: str = ""
    font_color_dark: str = ""
    hide_login_name_suffix: bool = False
    error_msg_popup: bool = False
    disable_watermark: bool = False
    theme_mode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPolicy:
    """Links people expect at the foot of a page."""

    tos_link: str = ""
    privacy_link: str = ""
    help_link: str = ""
    support_email: str = ""
    docs_link: str = ""
    custom_link: str = ""
    custom_link_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPolicy:
    """What people are told by mail."""

    password_change: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OIDCSettings:
    """Lifetimes of tokens, in nanoseconds."""

    access_token_lifetime: int = 0
    id_token_lifetime: int = 0
    refresh_token_idle_expiration: int = 0
    refresh_token_expiration: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy:
    """Which pages may embed ours, and whether administrators may act as others."""

    enable_iframe_embedding: bool = False
    allowed_origins: tuple[str, ...] = ()
    enable_impersonation: bool = False


AnyPolicy = (
    LoginPolicy
    | PasswordComplexityPolicy
    | PasswordAgePolicy
    | LockoutPolicy
    | DomainPolicy
    | LabelPolicy
    | PrivacyPolicy
    | NotificationPolicy
    | OIDCSettings
    | SecurityPolicy
)
"""One of the above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What holds: an instance's own, or those with an organisation's overrides.

    ``label_preview`` is the label as edited, ``label`` as last activated. Factors are the numbers
    of the API's ``SecondFactorType`` and ``MultiFactorType``; ``idps`` the ids of the identity
    providers that people may sign in through.
    """

    login: LoginPolicy = LoginPolicy()
    second_factors: tuple[int, ...] = ()
    multi_factors: tuple[int, ...] = ()
    idps: tuple[str, ...] = ()
    complexity: PasswordComplexityPolicy = PasswordComplexityPolicy()
    age: PasswordAgePolicy = PasswordAgePolicy()
    lockout: LockoutPolicy = LockoutPolicy()
    domain: DomainPolicy = DomainPolicy()
    label: LabelPolicy = LabelPolicy()
    label_preview: LabelPolicy = LabelPolicy()
    privacy: PrivacyPolicy = PrivacyPolicy()
    notification: NotificationPolicy = NotificationPolicy()
    oidc: OIDCSettings = OIDCSettings()
    security: SecurityPolicy = SecurityPolicy()

    def under(self, overrides: Mapping[str, Any]) -> Policies:
        """Return these with some replaced, by the names of the fields above."""
        return replace(self, **overrides) if overrides else self
