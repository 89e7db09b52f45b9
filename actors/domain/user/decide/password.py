"""Passwords: complexity, checking, lockout."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions
from personae.actors.domain.policies import LockoutPolicy, PasswordComplexityPolicy
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.facts import HumanFacts, PasswordFacts
from personae.actors.domain.user.state import USER, Human, User
from personae.actors.domain.user.values import NewPassword, Status

LONGEST = 200
"""Longest password in characters; longer ones are refused before anything is hashed."""

FAILURES_AT_MOST = 100
"""Consecutive failures after which an account stops checking, whatever its policy says.

NIST SP 800-63B-4, 3.2.2: no more than 100 on a single account.
"""


def check_complexity(password: NewPassword, policy: PasswordComplexityPolicy) -> None:
    """Refuse a password that breaks the policy. Ready-made hashes cannot be checked."""
    if password.encoded_hash:
        return
    plain = password.plain
    if not plain:
        raise refusals.PASSWORD_EMPTY()
    if len(plain) > LONGEST:
        raise refusals.PASSWORD_LONG(most=LONGEST)
    if len(plain) < policy.min_length:
        raise refusals.PASSWORD_SHORT(least=policy.min_length)
    rules = (
        (policy.has_lowercase, str.islower, refusals.PASSWORD_LOWER),
        (policy.has_uppercase, str.isupper, refusals.PASSWORD_UPPER),
        (policy.has_number, str.isdigit, refusals.PASSWORD_NUMBER),
        (policy.has_symbol, _is_symbol, refusals.PASSWORD_SYMBOL),
    )
    for wanted, holds, why in rules:
        if wanted and not any(holds(character) for character in plain):
            raise why()


def _is_symbol(character: str) -> bool:
    return not character.isalnum()


def change_password(password: NewPassword | None, facts: HumanFacts) -> Decisions:
    """Yield what sets another password."""
    if password is None:
        return
    if not facts.password_proved:
        raise refusals.PASSWORD_WRONG()
    check_complexity(password, facts.complexity)
    if facts.password_same:
        raise refusals.PASSWORD_SAME()
    yield e.PasswordChanged(
        encoded_hash=facts.password_hash,
        change_required=password.change_required,
        changed_at=facts.now,
    )


def attempts_left(human: Human, policy: LockoutPolicy) -> int:
    """Return how many more wrong passwords are compared before the account locks."""
    limit = policy.max_password_attempts or FAILURES_AT_MOST
    return min(limit, FAILURES_AT_MOST) - human.password_failures


def failed_guess(human: Human, policy: LockoutPolicy) -> Decisions:
    """Yield what follows a wrong password, wherever it was typed."""
    yield e.PasswordCheckFailed()
    if attempts_left(human, policy) <= 1:
        yield e.UserLocked()


@USER.decides(c.CheckPassword)
def check_password(user: User, _cmd: c.CheckPassword, facts: PasswordFacts) -> Decisions:
    human = checkable(user)
    if not facts.right:
        yield from failed_guess(human, facts.lockout)
        return
    yield e.PasswordCheckSucceeded()
    if facts.rehash:
        yield e.PasswordHashUpdated(encoded_hash=facts.rehash)


def checkable(user: User) -> Human:
    """Return the human whose password may be compared now, or say why not."""
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.status is Status.LOCKED:
        raise refusals.LOCKED()
    if not user.may_sign_in:
        raise refusals.NOT_ACTIVE()
    if user.human is None:
        raise refusals.NOT_HUMAN()
    if not user.human.password_hash:
        raise refusals.PASSWORD_MISSING()
    return user.human
