"""Columns as SQL: one's own, or one of another table's row."""

from __future__ import annotations

from personae.projections.kit.shelf import LIVE
from personae.projections.kit.table import Table


def view(table: Table) -> str:
    """Return what questions select from: each version of a table has a view of its own."""
    return f'{LIVE}."{table.name}@{table.version}"'


def expression(table: Table, column: str, alias: str = "t") -> str:
    """Return a column of the rows called ``alias``."""
    found = table.columns[column].lookup
    if found is None:
        return f'{alias}."{column}"'
    inner = f"{alias}{alias[0]}"
    return (
        f"(SELECT {expression(found.table, found.column, inner)} FROM {view(found.table)} {inner}"
        f" WHERE {inner}.instance_id = {alias}.instance_id"
        f' AND {inner}."{found.table.key[0]}" = {expression(table, found.by, alias)})'
    )


def sorting(table: Table, column: str, alias: str = "t") -> str:
    """Return what rows are ordered by: text regardless of case where the column says so."""
    plain = expression(table, column, alias)
    return f"lower({plain})" if table.columns[column].lower else plain
