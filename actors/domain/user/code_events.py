"""What happens to codes of users. ``expires_at`` is ours: a state does not see an event's time.

A failure that says ``expired`` ends its code for good, whatever the clock says later.
"""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire
from personae.actors.domain.values import Sealed


@event("user.human.email.code.added", "user.email.code.added")
class EmailCodeAdded:
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    url_template: str = wire("url_template", default="")
    code_returned: bool = wire("code_returned", default=False)


@event("user.human.email.verification.failed", "user.email.verification.failed")
class EmailVerificationFailed:
    expired: bool = False


@event("user.human.phone.code.added", "user.phone.code.added")
class PhoneCodeAdded:
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    code_returned: bool = wire("code_returned", default=False)


@event("user.human.phone.verification.failed", "user.phone.verification.failed")
class PhoneVerificationFailed:
    expired: bool = False


@event("user.human.password.code.added", "user.password.code.added")
class PasswordCodeAdded:
    """``notification_type``: 0 by mail, 1 by SMS."""

    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    notification_type: int = 0
    url_template: str = wire("url_template", default="")
    code_returned: bool = wire("code_returned", default=False)


@event("user.human.password.code.check.failed")
class PasswordCodeCheckFailed:
    expired: bool = False


@event("user.human.invite.code.added")
class InviteCodeAdded:
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    url_template: str = wire("url_template", default="")
    code_returned: bool = wire("code_returned", default=False)
    application_name: str = wire("application_name", default="")


@event("user.human.invite.check.succeeded")
class InviteCheckSucceeded:
    pass


@event("user.human.invite.check.failed")
class InviteCheckFailed:
    expired: bool = False


@event("user.human.passwordless.initialization.code.added")
class PasskeyCodeAdded:
    """A code to register a passkey with, handed to the caller."""

    code_id: str = wire("id")
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None


@event("user.human.passwordless.initialization.code.requested")
class PasskeyCodeRequested:
    """A code to register a passkey with, to be sent to the user."""

    code_id: str = wire("id")
    code: Sealed | None = None
    expiry: int = 0
    expires_at: datetime | None = None
    url_template: str = wire("url_template", default="")


@event("user.human.passwordless.initialization.code.check.succeeded")
class PasskeyCodeCheckSucceeded:
    code_id: str = wire("id")


@event("user.human.passwordless.initialization.code.check.failed")
class PasskeyCodeCheckFailed:
    code_id: str = wire("id")
    expired: bool = False


@event("user.human.email.code.sent", "user.email.code.sent")
class EmailCodeSent:
    pass


@event("user.human.phone.code.sent", "user.phone.code.sent")
class PhoneCodeSent:
    pass


@event("user.human.password.code.sent", "user.password.code.sent")
class PasswordCodeSent:
    pass


@event("user.human.invite.code.sent")
class InviteCodeSent:
    pass


@event("user.human.passwordless.initialization.code.sent")
class PasskeyCodeSent:
    code_id: str = wire("id")


@event("user.human.password.change.sent")
class PasswordChangeSent:
    """The user was told that the password is another one."""


@event("user.domain.claimed.sent")
class DomainClaimedSent:
    """The user was told of the new user name."""
