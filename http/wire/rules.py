"""Each rule of ``validate.proto`` as a function that makes a check."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from personae.http.wire.wrong import Wrong

Check = Callable[[Any], None]
Checks = tuple[Check, ...]
Rule = Callable[[Any, Any], Check]

_EMAIL = re.compile(r"[^@\s\x00-\x20]{1,64}@[^@\s\x00-\x20.]+(?:\.[^@\s\x00-\x20.]+)*")
_URI_REF = re.compile(r"(?:[\w\-.~:/?#\[\]@!$&'()*+,;={}]|%[0-9A-Fa-f]{2})*")
"""RFC 3986 with letters of any language (RFC 3987) and the braces of our URL templates."""


def checks(rules: Any, field: Any) -> tuple[Checks, Checks]:
    """Return the checks of an unset field, and those of a value, that a FieldRules stands for."""
    kind = rules.WhichOneof("type")
    if kind is None:
        return ((_missing,) if rules.message.required else ()), ()
    known = {rule.name: value for rule, value in getattr(rules, kind).ListFields()}
    required = (_missing,) if known.pop("required", False) else ()
    empty_is_fine = known.pop("ignore_empty", False)
    made = tuple(_RULES[name](value, field) for name, value in known.items())
    return required, tuple(map(_unless_empty, made)) if empty_is_fine else made


def _missing(_value: Any) -> None:
    raise Wrong("required")


def _unless_empty(check: Check) -> Check:
    return lambda value: check(value) if value else None


def _holds(rule: str, test: Callable[[Any], object]) -> Check:
    def check(value: Any) -> None:
        if not test(value):
            raise Wrong(rule)

    return check


def _span(duration: Any) -> tuple[int, int]:
    return duration.seconds, duration.nanos


def every(*each: Check) -> Check:
    """Return a check of a list that puts each of its values to these checks."""

    def check(values: Any) -> None:
        for index, value in enumerate(values):
            try:
                for one in each:
                    one(value)
            except Wrong as wrong:
                raise wrong.within(f"[{index}]") from None

    return check


def _items(rules: Any, field: Any) -> Check:
    return every(*checks(rules, field)[1])


def _defined(_on: bool, field: Any) -> Check:  # noqa: FBT001 — every rule takes its value
    known = field.enum_type.values_by_number
    return _holds("defined_only", lambda v: v in known)


def _not_in(numbers: Any, field: Any) -> Check:
    known, barred = field.enum_type.values_by_number, frozenset(numbers)
    names = ", ".join(known[number].name for number in numbers if number in known)
    return _holds(f"not {names}", lambda v: v not in barred)


def _than(word: str, test: Callable[[Any, Any], bool]) -> Rule:
    """Compare with a number or, as seconds and nanos, with a Duration."""

    def make(limit: Any, field: Any) -> Check:
        if field.message_type is None:
            return _holds(f"{word} {limit}".lower(), lambda v: test(v, limit))
        span = _span(limit)
        return _holds(f"{word} {limit.ToJsonString()}", lambda v: test(_span(v), span))

    return make


_RULES: dict[str, Rule] = {
    "min_len": lambda n, _: _holds(f"min_len {n}", lambda v: len(v) >= n),
    "max_len": lambda n, _: _holds(f"max_len {n}", lambda v: len(v) <= n),
    "len": lambda n, _: _holds(f"len {n}", lambda v: len(v) == n),
    "max_bytes": lambda n, _: _holds(f"max_bytes {n}", lambda v: len(v.encode()) <= n),
    "prefix": lambda p, _: _holds(f"prefix {p}", lambda v: v.startswith(p)),
    "email": lambda _on, _: _holds("email", _EMAIL.fullmatch),
    "uri_ref": lambda _on, _: _holds("uri_ref", _URI_REF.fullmatch),
    "defined_only": _defined,
    "not_in": _not_in,
    "min_items": lambda n, _: _holds(f"min_items {n}", lambda v: len(v) >= n),
    "max_items": lambda n, _: _holds(f"max_items {n}", lambda v: len(v) <= n),
    "unique": lambda _on, _: _holds("unique", lambda v: len(set(v)) == len(v)),
    "items": _items,
    "const": _than("const", operator.eq),
    "gt": _than("gt", operator.gt),
    "gte": _than("gte", operator.ge),
    "lte": _than("lte", operator.le),
}
"""Each takes the rule's value and the field."""
