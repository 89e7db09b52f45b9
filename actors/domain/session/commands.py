"""Orders to a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from personae.actors.domain.kit import command
from personae.actors.domain.session.values import Challenges, Factor, UserAgent
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What to prove: who the user is (by id or login name), and with what.

    ``web_auth_n`` is what the browser answered, as JSON; ``intent`` the id of a sign-in
    elsewhere whose token was shown.
    """

    user_id: str = ""
    login_name: str = ""
    password: str | None = None
    totp: str | None = None
    otp_sms: str | None = None
    otp_email: str | None = None
    recovery_code: str | None = None
    web_auth_n: str | None = None
    intent: str | None = None

    @property
    def guess(self) -> bool:
        """Whether anything is shown that may be guessed: a password or a code."""
        codes = (self.totp, self.otp_sms, self.otp_email, self.recovery_code)
        return any(each is not None for each in (self.password, *codes))

    @property
    def prove(self) -> bool:
        """Whether anything is to be proved about a user who must be known then."""
        return self.guess or not (self.web_auth_n is None and self.intent is None)

    def __repr__(self) -> str:
        return f"Checks(user_id={self.user_id!r}, login_name={self.login_name!r})"


@command("session", id="session_id", owner="instance_id", creates=True)
class AddSession:
    """Open a session; ``token_id`` will name its token."""

    session_id: str
    instance_id: str
    token_id: str
    checks: Checks = Checks()
    challenges: Challenges = Challenges()
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    user_agent: UserAgent | None = None
    lifetime: timedelta | None = None


@command("session", id="session_id")
class SetSession:
    """Prove more, or change metadata or lifetime; the session gets a new token.

    ``presented`` is the token id of the session token the caller showed, if any. ``set_up`` are
    factors that were set up, and so proved, just now: only the server itself may say so.
    """

    session_id: str
    token_id: str
    presented: str = ""
    checks: Checks = Checks()
    challenges: Challenges = Challenges()
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    lifetime: timedelta | None = None
    set_up: tuple[Factor, ...] = ()


@command("session", id="session_id")
class TerminateSession:
    """End a session, and with it all tokens that came from it."""

    session_id: str
    presented: str = ""


@command("session", id="session_id")
class NoteOtpSent:
    """Keep on record that a one-time code was sent: this very one, no later one."""

    session_id: str
    factor: Factor
    code: Sealed
