"""Tables: what a read model holds, how events change it, and what questions may filter it by.

One file per resource declares all of it::

    USERS = Table("users", version=1, columns={
        "user_name": text(lower=True), "state": integer(index=True), "email": text(lower=True),
    })

    @USERS.on(HumanAdded)
    def _(row, recorded):
        return USERS.new(user_name=recorded.event.user_name, state=ACTIVE)

    @USERS.on(UsernameChanged)
    def _(row, recorded):
        return row and row.but(user_name=recorded.event.user_name)

    USERS.forget_on(UserRemoved)
    USERS.forget_on(OrgRemoved, column="resource_owner")
    USERS.filters(user_name_query="user_name", state_query="state", in_user_ids_query="id")

Reducers are pure: they never see SQL, and a history folds in memory as it does in the database.
A table is rebuilt from the log when its ``version`` is raised; raise it with every change of
columns or reducers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import msgspec
from personae.actors.domain.kit import Recorded
from personae.projections.kit.column import Column, checked, integer, text, timestamp

if TYPE_CHECKING:
    from personae.projections.kit.filters import Custom

Key = tuple[str, ...]
KeyOf = Callable[[Recorded], str | Key | None]
Reduce = Callable[[Any, Recorded], Any]


class Row(msgspec.Struct, frozen=True):
    """One row of a table, an attribute per column; never changed, only replaced."""

    def but(self, **changes: Any) -> Self:
        """Return the same row with other values."""
        return msgspec.structs.replace(self, **changes)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class DeleteWhere:
    """Delete every row of the instance whose columns equal these values."""

    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UpdateWhere:
    """Set columns of every row of the instance whose columns equal these values."""

    where: Mapping[str, Any]
    values: Mapping[str, Any]


Wide = DeleteWhere | UpdateWhere
Sweep = Callable[[Recorded], Wide | Iterable[Wide]]


@dataclass(frozen=True, slots=True)
class Reducer:
    """A pure function from a row and an event to the row afterwards, and which row that is."""

    key: KeyOf
    reduce: Reduce


@dataclass(frozen=True, slots=True)
class Via:
    """A filter on rows of ``table`` whose column ``by`` holds our ``id``."""

    table: Table
    by: str
    column: str
    id: str = "id"


def _own(recorded: Recorded) -> str:
    return recorded.stream.id


class Table:
    """A read model: rows of ``columns``, one per ``key`` within an instance.

    Every row also has ``instance_id``, ``resource_owner``, ``creation_date``, ``change_date`` and
    ``sequence`` (of the last event that changed it), filled by the kit, as are the columns of the
    key: ``id`` unless ``key`` names others, which ``columns`` then declares.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int,
        columns: Mapping[str, Column],
        key: tuple[str, ...] = ("id",),
    ) -> None:
        self.name = checked(name)
        self.version = version
        self.key = key
        self.columns: dict[str, Column] = {
            "instance_id": text(),
            **({"id": text()} if "id" in key else {}),
            "resource_owner": text(index=True),
            "creation_date": timestamp(),
            "change_date": timestamp(),
            "sequence": integer(),
            **{checked(column): kind for column, kind in columns.items()},
        }
        if missing := set(key) - set(self.columns):
            raise ValueError(f"{name}: the key names no column {sorted(missing)}")
        self.stored = [c for c, kind in self.columns.items() if kind.lookup is None]
        self.brief = {column: f"c{at}" for at, column in enumerate(self.stored)}
        self.row = self._struct(self.stored, self.brief)
        self.answer = self._struct(list(self.columns))
        self.filter_of: dict[str, Any] = {}
        self._reducers: dict[type, list[Reducer]] = {}
        self._sweeps: dict[type, list[Sweep]] = {}

    def __repr__(self) -> str:
        return f"Table({self.name!r}, version={self.version})"

    @property
    def physical(self) -> str:
        """The name of this version's table in the database."""
        return f"{self.name}_v{self.version}"

    @property
    def events(self) -> frozenset[type]:
        """The event classes that change this table."""
        return frozenset(self._reducers) | frozenset(self._sweeps)

    def new(self, **values: Any) -> Row:
        """Return a new row; what is not given keeps its column's default."""
        return self.row(**values)  # type: ignore[no-any-return]

    def on(self, *events: type, key: KeyOf | None = None) -> Callable[[Reduce], Reduce]:
        """Register ``(row | None, recorded) -> row | None`` for events; None deletes the row.

        ``key`` says which row (a string or a tuple like the table's key; None: none at all), by
        default the one with the aggregate's id. Several reducers may care for one event.
        """
        if key is None and self.key != ("id",):
            raise ValueError(f"{self.name}: say which row by key=")

        def register(function: Reduce) -> Reduce:
            for event in events:
                self._reducers.setdefault(event, []).append(Reducer(key or _own, function))
            return function

        return register

    def across(self, *events: type) -> Callable[[Sweep], Sweep]:
        """Register ``(recorded) -> DeleteWhere | UpdateWhere | several``: changes of many rows."""

        def register(function: Sweep) -> Sweep:
            for event in events:
                self._sweeps.setdefault(event, []).append(function)
            return function

        return register

    def forget_on(self, *events: type, column: str = "id") -> None:
        """Delete the rows whose ``column`` holds the aggregate's id when one of these happens."""
        if (column,) == self.key:
            self.on(*events)(lambda _row, _recorded: None)
        else:
            self._known(column)
            self.across(*events)(lambda recorded: DeleteWhere({column: recorded.stream.id}))

    def forget_instance_on(self, *events: type) -> None:
        """Delete every row of the instance when one of these happens."""
        self.across(*events)(lambda _recorded: DeleteWhere({}))

    def filters(self, **columns: str | Via | Custom) -> None:
        """Declare what members of a filter message's ``oneof`` mean.

        A column's name, a :class:`Via` to another table, or a function ``(leaf) -> Condition``.
        """
        for member, target in columns.items():
            if isinstance(target, str):
                self._known(target)
            self.filter_of[member] = target

    def reducers(self, event: type) -> Sequence[Reducer]:
        """Return what to do with a row when such an event happened."""
        return self._reducers.get(event, ())

    def sweeps(self, event: type) -> Sequence[Sweep]:
        """Return what to do with many rows when such an event happened."""
        return self._sweeps.get(event, ())

    def via(self, by: str, column: str, *, id: str = "id") -> Via:  # noqa: A002 — as in Via
        """Return a filter for another table: its rows that have a row here.

        ``USERS.filters(metadata_key_filter=METADATA.via("user_id", "key"))``
        """
        self._known(by)
        self._known(column)
        return Via(self, by, column, id)

    def _known(self, column: str) -> None:
        if column not in self.columns:
            raise ValueError(f"{self.name} has no column {column}")

    def _struct(self, names: list[str], brief: dict[str, str] | None = None) -> Any:
        """Return a class of rows; ``brief`` is what columns are called in JSON."""
        fields = [(name, Any, self.columns[name].default) for name in names]
        return msgspec.defstruct(
            f"{self.name}_row", fields, bases=(Row,), frozen=True, rename=brief, gc=False
        )
