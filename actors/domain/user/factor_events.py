"""What happens to second factors, passkeys and accounts elsewhere."""

from __future__ import annotations

from personae.actors.domain.kit import event, wire
from personae.actors.domain.values import Sealed


@event("user.human.mfa.otp.added", "user.mfa.otp.added")
class TotpAdded:
    otp_secret: Sealed | None = None


@event("user.human.mfa.otp.verified", "user.mfa.otp.verified")
class TotpVerified:
    """``step``: the time step of the code, which no later check takes again."""

    step: int = 0


@event("user.human.mfa.otp.removed", "user.mfa.otp.removed")
class TotpRemoved:
    pass


@event("user.human.mfa.otp.check.succeeded", "user.mfa.otp.check.succeeded")
class TotpCheckSucceeded:
    step: int = 0


@event("user.human.mfa.otp.check.failed", "user.mfa.otp.check.failed")
class TotpCheckFailed:
    pass


@event("user.human.mfa.otp.sms.added")
class OtpSmsAdded:
    pass


@event("user.human.mfa.otp.sms.removed")
class OtpSmsRemoved:
    pass


@event("user.human.mfa.otp.sms.check.succeeded")
class OtpSmsCheckSucceeded:
    pass


@event("user.human.mfa.otp.sms.check.failed")
class OtpSmsCheckFailed:
    pass


@event("user.human.mfa.otp.email.added")
class OtpEmailAdded:
    pass


@event("user.human.mfa.otp.email.removed")
class OtpEmailRemoved:
    pass


@event("user.human.mfa.otp.email.check.succeeded")
class OtpEmailCheckSucceeded:
    pass


@event("user.human.mfa.otp.email.check.failed")
class OtpEmailCheckFailed:
    pass


@event("user.human.mfa.recovery.codes.added")
class RecoveryCodesAdded:
    """Hashes of codes that replace all earlier ones."""

    codes: tuple[str, ...]


@event("user.human.mfa.recovery.codes.removed")
class RecoveryCodesRemoved:
    pass


@event("user.human.mfa.recovery.codes.check.succeeded")
class RecoveryCodeCheckSucceeded:
    """``code``: the hash of the code that is used up."""

    code: str


@event("user.human.mfa.recovery.codes.check.failed")
class RecoveryCodeCheckFailed:
    pass


@event("user.human.mfa.u2f.token.added")
class U2fAdded:
    token_id: str = wire("webAuthNTokenId")
    challenge: str = ""
    rp_id: str = wire("rpID", default="")


@event("user.human.mfa.u2f.token.verified")
class U2fVerified:
    token_id: str = wire("webAuthNTokenId")
    key_id: bytes = b""
    public_key: bytes = b""
    attestation_type: str = ""
    aaguid: str = ""
    sign_count: int = 0
    name: str = wire("webAuthNTokenName", default="")


@event("user.human.mfa.u2f.token.removed")
class U2fRemoved:
    token_id: str = wire("webAuthNTokenId")


@event("user.human.mfa.u2f.token.signcount.changed")
class U2fSignCountChanged:
    token_id: str = wire("webAuthNTokenId")
    sign_count: int = 0


@event("user.human.mfa.u2f.token.check.succeeded")
class U2fCheckSucceeded:
    user_verified: bool = False


@event("user.human.mfa.u2f.token.check.failed")
class U2fCheckFailed:
    pass


@event("user.human.passwordless.token.added")
class PasskeyAdded:
    token_id: str = wire("webAuthNTokenId")
    challenge: str = ""
    rp_id: str = wire("rpID", default="")


@event("user.human.passwordless.token.verified")
class PasskeyVerified:
    token_id: str = wire("webAuthNTokenId")
    key_id: bytes = b""
    public_key: bytes = b""
    attestation_type: str = ""
    aaguid: str = ""
    sign_count: int = 0
    name: str = wire("webAuthNTokenName", default="")


@event("user.human.passwordless.token.removed")
class PasskeyRemoved:
    token_id: str = wire("webAuthNTokenId")


@event("user.human.passwordless.token.signcount.changed")
class PasskeySignCountChanged:
    token_id: str = wire("webAuthNTokenId")
    sign_count: int = 0


@event("user.human.passwordless.token.check.succeeded")
class PasskeyCheckSucceeded:
    user_verified: bool = False


@event("user.human.passwordless.token.check.failed")
class PasskeyCheckFailed:
    pass


@event("user.human.externalidp.added", "user.externalidp.added")
class IdpLinkAdded:
    idp_id: str = wire("idpConfigId")
    user_id: str
    display_name: str = ""


@event("user.human.externalidp.removed", "user.externalidp.removed")
class IdpLinkRemoved:
    idp_id: str = wire("idpConfigId")
    user_id: str
