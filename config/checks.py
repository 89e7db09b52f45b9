"""What single fields cannot see: settings that contradict one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from personae.config.fields import Key, dotted
from personae.config.masterkey import KeyFormatError, decode
from personae.config.policies import PasswordComplexity
from personae.config.settings import Settings
from personae.config.sources import Entry, Problem

MOST_BYTES = 72
OIDC_PAIRS = (
    ("refresh_token_idle_expiration", "refresh_token_expiration"),
    ("access_token_lifetime", "refresh_token_expiration"),
)


def check(settings: Settings, entries: Mapping[Key, Entry]) -> list[Problem]:
    """All contradictions, each naming the setting to change."""
    found = [
        *_password(settings),
        *_masterkey(settings),
        *_tls(settings),
        *_refresh(settings),
    ]
    return [Problem(dotted(key), entries[key].origin, text) for key, text in found]


Finding = Iterator[tuple[Key, str]]


def _password(settings: Settings) -> Finding:
    secret = settings.first_instance.admin.password
    if secret is None:
        return
    key = ("first_instance", "admin", "password")
    for rule in weaknesses(secret.get_secret_value(), settings.policies.password_complexity):
        yield key, rule


def weaknesses(password: str, policy: PasswordComplexity) -> Iterator[str]:
    """Yield what the password lacks, each with the setting that asks for it."""
    where = "policies.password_complexity"
    if len(password) < policy.min_length:
        yield f"needs at least {policy.min_length} characters ({where}.min_length)"
    if len(password.encode()) > MOST_BYTES:
        yield f"may have at most {MOST_BYTES} bytes"
    for name, what, test in CLASSES:
        if getattr(policy, name) and not any(test(character) for character in password):
            yield f"needs {what} ({where}.{name})"


CLASSES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("has_lowercase", "a lower-case letter", str.islower),
    ("has_uppercase", "an upper-case letter", str.isupper),
    ("has_number", "a digit", str.isdigit),
    ("has_symbol", "a symbol", lambda character: not character.isalnum()),
)


def _masterkey(settings: Settings) -> Finding:
    if settings.masterkey is None:
        return
    if settings.masterkey_file is not None:
        yield ("masterkey_file",), "is set together with masterkey; keep one of them"
    try:
        decode(settings.masterkey.get_secret_value())
    except KeyFormatError as error:
        yield ("masterkey",), str(error)


def _tls(settings: Settings) -> Finding:
    server = settings.server
    if (server.tls_certificate is None) != (server.tls_key is None):
        missing = "tls_key" if server.tls_key is None else "tls_certificate"
        yield ("server", missing), "is missing: TLS needs both tls_certificate and tls_key"


def _refresh(settings: Settings) -> Finding:
    for shorter, longer in OIDC_PAIRS:
        if getattr(settings.oidc, shorter) > getattr(settings.oidc, longer):
            yield ("oidc", shorter), f"is longer than oidc.{longer}"
