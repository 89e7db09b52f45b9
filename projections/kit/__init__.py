"""The words every read model is written in: table, columns, questions, projections."""

from personae.projections.kit.column import (
    Column,
    binary,
    boolean,
    integer,
    json,
    lookup,
    text,
    text_list,
    timestamp,
)
from personae.projections.kit.condition import ALL, Allowed, Condition, all_of, any_of
from personae.projections.kit.filters import filtered, undeclared
from personae.projections.kit.fold import Fold
from personae.projections.kit.page import Page, opened, sealed
from personae.projections.kit.progress import Progress
from personae.projections.kit.question import Question
from personae.projections.kit.registry import Projections, Status, tables_in
from personae.projections.kit.spooler import Pace
from personae.projections.kit.table import DeleteWhere, Row, Table, UpdateWhere, Via
from personae.projections.kit.verify import Difference

__all__ = [
    "ALL",
    "Allowed",
    "Column",
    "Condition",
    "DeleteWhere",
    "Difference",
    "Fold",
    "Pace",
    "Page",
    "Progress",
    "Projections",
    "Question",
    "Row",
    "Status",
    "Table",
    "UpdateWhere",
    "Via",
    "all_of",
    "any_of",
    "binary",
    "boolean",
    "filtered",
    "integer",
    "json",
    "lookup",
    "opened",
    "sealed",
    "tables_in",
    "text",
    "text_list",
    "timestamp",
    "undeclared",
]
