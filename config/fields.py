"""The words settings are declared in: a frozen section, durations, sizes, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)")

Key = tuple[str, ...]


class Section(BaseModel):
    """A frozen group of settings. Defaults are written once, in ``defaults.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def duration(value: object) -> object:
    """Read ``90s``, ``12h`` or ``1h30m``; numbers are seconds. Raises ``ValueError``."""
    if isinstance(value, int | float):
        return timedelta(seconds=value)
    if not isinstance(value, str):
        return value
    parts = DURATION.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value.strip():
        raise ValueError("write a duration like 90s, 15m, 12h or 30d")
    return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts))


Duration = Annotated[timedelta, BeforeValidator(duration), Field(ge=timedelta())]
Size = Annotated[ByteSize, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Secret = SecretStr | None


def leaves(model: type[BaseModel], prefix: Key = ()) -> Iterator[tuple[Key, FieldInfo]]:
    """Every single setting of ``model`` with its key, in the order of declaration."""
    for name, info in model.model_fields.items():
        key = (*prefix, name)
        section = info.annotation
        if isinstance(section, type) and issubclass(section, Section):
            yield from leaves(section, key)
        else:
            yield key, info


def dotted(key: Key) -> str:
    """Write a key as the documentation does: ``first_instance.admin.user_name``."""
    return ".".join(key)


def variable(key: Key) -> str:
    """The environment variable of a key: ``PERSONAE_FIRST_INSTANCE__ADMIN__USER_NAME``."""
    return "PERSONAE_" + "__".join(key).upper()


def is_collection(info: FieldInfo) -> bool:
    """Whether the setting holds several values, so that a variable must be parsed as YAML."""
    return getattr(info.annotation, "__origin__", None) in (tuple, dict)


def is_secret(info: FieldInfo) -> bool:
    """Whether the value must never be shown."""
    return info.annotation is SecretStr or info.annotation == Secret


def plain(value: Any) -> Any:
    """A validated value as JSON and YAML can hold it: durations as text such as ``12h``."""
    if isinstance(value, timedelta):
        return written(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def written(value: timedelta) -> str:
    """Write a duration in its largest whole unit, days excepted: ``720h``, ``90s``, ``0s``."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0 and milliseconds:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
