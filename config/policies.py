"""The policies a new instance starts with; organisations may override most of them later."""

from __future__ import annotations

from typing import Literal

from personae.config.fields import Colour, Duration, Natural, Section
from pydantic import Field

SecondFactor = Literal["totp", "u2f", "otp_email", "otp_sms"]


class LoginPolicy(Section):
    """Who may sign in, and how."""

    allow_username_password: bool
    allow_register: bool
    allow_external_idp: bool
    force_mfa: bool
    force_mfa_local_only: bool
    passwordless_allowed: bool
    hide_password_reset: bool
    ignore_unknown_usernames: bool
    allow_domain_discovery: bool
    disable_login_with_email: bool
    disable_login_with_phone: bool
    default_redirect_uri: str
    password_check_lifetime: Duration
    external_login_check_lifetime: Duration
    mfa_init_skip_lifetime: Duration
    second_factor_check_lifetime: Duration
    multi_factor_check_lifetime: Duration
    second_factors: tuple[SecondFactor, ...]
    multi_factors: tuple[Literal["u2f_with_verification"], ...]


class PasswordComplexity(Section):
    """What a password must contain."""

    min_length: int = Field(ge=1, le=72)
    has_lowercase: bool
    has_uppercase: bool
    has_number: bool
    has_symbol: bool


class PasswordAge(Section):
    """When a password must be changed; 0 means never."""

    expire_warn_days: Natural
    max_age_days: Natural


class Lockout(Section):
    """After how many failures a user is locked; 0 means never."""

    max_password_attempts: Natural
    max_otp_attempts: Natural
    show_lockout_failures: bool


class DomainPolicy(Section):
    """Domains of organisations and login names."""

    user_login_must_be_domain: bool
    validate_org_domains: bool
    smtp_sender_address_matches_instance_domain: bool


class Label(Section):
    """Colours and branding of the login pages."""

    primary_color: Colour
    background_color: Colour
    warn_color: Colour
    font_color: Colour
    primary_color_dark: Colour
    background_color_dark: Colour
    warn_color_dark: Colour
    font_color_dark: Colour
    hide_login_name_suffix: bool
    error_msg_popup: bool
    disable_watermark: bool
    theme_mode: Literal["auto", "light", "dark"]


class Privacy(Section):
    """Links shown on the login pages; ``{{.Lang}}`` in a link becomes the language."""

    tos_link: str
    privacy_link: str
    help_link: str
    support_email: str
    docs_link: str
    custom_link: str
    custom_link_text: str


class Notification(Section):
    """What users are told about."""

    password_change: bool


class Security(Section):
    """Embedding and impersonation."""

    enable_iframe_embedding: bool
    allowed_origins: tuple[str, ...]
    enable_impersonation: bool


class Policies(Section):
    """All default policies."""

    login: LoginPolicy
    password_complexity: PasswordComplexity
    password_age: PasswordAge
    lockout: Lockout
    domain: DomainPolicy
    label: Label
    privacy: Privacy
    notification: Notification
    security: Security


class Generator(Section):
    """A code or secret: how long, from which characters, and how long it is good."""

    length: int = Field(ge=4, le=256)
    expiry: Duration
    lower: bool
    upper: bool
    digits: bool
    symbols: bool


class SecretGenerators(Section):
    """Every kind of code and secret that the server makes up."""

    client_secret: Generator
    initialize_user_code: Generator
    email_verification_code: Generator
    phone_verification_code: Generator
    password_verification_code: Generator
    passwordless_init_code: Generator
    domain_verification: Generator
    otp_sms: Generator
    otp_email: Generator
    invite_code: Generator
    signing_key: Generator
