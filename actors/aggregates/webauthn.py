"""WebAuthn ceremonies (W3C WebAuthn Level 3, section 7) by the library of the same name."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

import webauthn
from personae.actors.domain.user.factors import Authenticator
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes as decode
from webauthn.helpers import bytes_to_base64url as encode
from webauthn.helpers import (
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorAttachment,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

CHALLENGE_BYTES = 32
LARGEST = 64 * 1024
"""Characters of a browser's answer; real ones have a few thousand."""

REQUIREMENTS = (
    UserVerificationRequirement.PREFERRED,
    UserVerificationRequirement.REQUIRED,
    UserVerificationRequirement.PREFERRED,
    UserVerificationRequirement.DISCOURAGED,
)
"""By the API's numbers of ``UserVerificationRequirement``."""

REQUIRED = 1
# What a malformed answer makes the library raise besides its own exceptions.
MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


def new_challenge() -> str:
    """Make a challenge, in base64url."""
    return encode(secrets.token_bytes(CHALLENGE_BYTES))


def creation_options(
    *,
    challenge: str,
    rp_id: str,
    user_id: str,
    user_name: str,
    display_name: str,
    passkey: bool,
    attachment: str,
    known: Iterable[Authenticator],
) -> str:
    """Return what a browser needs to make a credential, as JSON.

    A passkey is kept on the device and unlocked by its holder; a security key need not be either.
    """
    selection = AuthenticatorSelectionCriteria(
        authenticator_attachment=AuthenticatorAttachment(attachment) if attachment else None,
        resident_key=(
            ResidentKeyRequirement.REQUIRED if passkey else ResidentKeyRequirement.DISCOURAGED
        ),
        user_verification=(
            UserVerificationRequirement.REQUIRED
            if passkey
            else UserVerificationRequirement.DISCOURAGED
        ),
    )
    options = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_id,
        user_id=user_id.encode(),
        user_name=user_name,
        user_display_name=display_name,
        challenge=decode(challenge),
        authenticator_selection=selection,
        exclude_credentials=_descriptors(known, rp_id),
    )
    return options_to_json(options)


def request_options(
    *, challenge: str, rp_id: str, requirement: int, known: Iterable[Authenticator]
) -> str:
    """Return what a browser needs to use a credential, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id,
        challenge=decode(challenge),
        allow_credentials=_descriptors(known, rp_id),
        user_verification=REQUIREMENTS[requirement],
    )
    return options_to_json(options)


def no_one_s_options(rp_id: str) -> str:
    """Return what a browser would need to use a passkey of somebody who has none, as JSON."""
    return request_options(challenge=new_challenge(), rp_id=rp_id, requirement=REQUIRED, known=())


def _descriptors(known: Iterable[Authenticator], rp_id: str) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=each.key_id)
        for each in known
        if each.verified and each.rp_id == rp_id
    ]


def registered(
    answer: str, challenge: str, rp_id: str, *, verify_user: bool
) -> VerifiedRegistration | None:
    """Verify the answer of a registration; ``None`` when it proves nothing."""
    try:
        credential = parse_registration_credential_json(_bounded(answer))
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=decode(challenge),
            expected_rp_id=rp_id,
            expected_origin=_origin(credential.response.client_data_json, rp_id),
            require_user_verification=verify_user,
        )
    except MALFORMED:
        return None


def credential_id(answer: str) -> bytes:
    """Return which credential an answer says it is from; empty when it cannot be read."""
    try:
        return parse_authentication_credential_json(_bounded(answer)).raw_id
    except MALFORMED:
        return b""


def asserted(
    answer: str, challenge: str, known: Authenticator, *, verify_user: bool
) -> VerifiedAuthentication | None:
    """Verify the answer of a sign-in; ``None`` when it proves nothing."""
    try:
        credential = parse_authentication_credential_json(_bounded(answer))
        return webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=decode(challenge),
            expected_rp_id=known.rp_id,
            expected_origin=_origin(credential.response.client_data_json, known.rp_id),
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=verify_user,
        )
    except MALFORMED:
        return None


def _bounded(answer: str) -> str:
    if len(answer) > LARGEST:
        raise ValueError("too long")
    return answer


def _origin(client_data: bytes, rp_id: str) -> str:
    """Return the origin of an answer when it is a page of the domain, or of one below it."""
    origin = parse_client_data_json(client_data).origin
    url = urlsplit(origin)
    host = url.hostname or ""
    secure = url.scheme == "https" or (url.scheme == "http" and host == "localhost")
    if not secure or not (host == rp_id or host.endswith(f".{rp_id}")):
        raise ValueError("another origin")
    return origin
