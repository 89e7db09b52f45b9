"""Comparisons: what a method of a filter message means in SQL, for a column or one of its values.

``expression`` is SQL of our own throughout; what a client sent is only ever a parameter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from personae.projections.kit.column import Column
from personae.projections.kit.condition import NOTHING, Condition

LIKE = {2: "{}%", 3: "{}%", 4: "%{}%", 5: "%{}%", 6: "%{}", 7: "%{}"}
"""Text methods by number, as patterns; 0 and 1 are equality. Odd ones ignore case."""

MOMENT = {0: "=", 1: ">", 2: ">=", 3: "<", 4: "<="}
"""Timestamp methods by number."""

BYTES = {0: "=", 1: "IS DISTINCT FROM"}
"""Byte methods by number."""


def text(expression: str, column: Column, value: str, method: int) -> Condition:
    """Compare text by one of the eight methods; a list of texts when one of its values matches."""
    if column.is_list:
        inner = _text("one", value, method)
        return Condition(
            f"EXISTS (SELECT FROM unnest({expression}) AS one WHERE {inner.sql})", inner.params
        )
    return _text(expression, value, method)


def _text(expression: str, value: str, method: int) -> Condition:
    left, right = (f"lower({expression})", "lower(%s)") if method % 2 else (expression, "%s")
    if method not in LIKE:
        return Condition(f"{left} = {right}", (value,))
    return Condition(f"{left} LIKE {right}", (LIKE[method].format(escaped(value)),))


def escaped(value: str) -> str:
    r"""Return text that LIKE takes literally.

    >>> escaped("50%_off")
    '50\\%\\_off'
    """
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def scalar(expression: str, column: Column, value: Any) -> Condition:
    """Compare for equality; a list when it holds the value."""
    if column.is_list:
        return Condition(f"{expression} @> %s::text[]", ([value],))
    return Condition(f"{expression} = %s", (value,))


def within(expression: str, column: Column, values: list[Any]) -> Condition:
    """Compare with several values: one of them; a list when it holds one of them."""
    if not values:
        return NOTHING
    if column.is_list:
        return Condition(f"{expression} && %s::text[]", (values,))
    return Condition(f"{expression} = ANY(%s::{column.type}[])", (values,))


def moment(expression: str, value: datetime, method: int) -> Condition:
    """Compare a timestamp by one of the five methods."""
    return Condition(f"{expression} {MOMENT[method]} %s", (value,))


def octets(expression: str, value: bytes, method: int) -> Condition:
    """Compare bytes for equality or the opposite."""
    return Condition(f"{expression} {BYTES[method]} %s", (value,))
