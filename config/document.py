"""Write ``docs/configuration.md`` from the models and the comments of ``defaults.yaml``.

python -m personae.config.document
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from personae.config.fields import Key, dotted, is_secret, leaves, variable
from personae.config.load import DEFAULTS, defaults
from personae.config.settings import Settings
from pydantic.fields import FieldInfo

TARGET = Path(__file__).parents[1] / "docs" / "configuration.md"
WORDS = {
    "Path": "path", "timedelta": "duration", "ByteSize": "size", "SecretStr": "secret",
    "datetime": "time", "str": "text", "int": "number", "bool": "true or false",
}  # fmt: skip
COLUMNS = "| setting | value | default | meaning |\n|---|---|---|---|"
START = """\
# Configuration

Generated from `config/defaults.yaml` by `python -m personae.config.document`; change it there.

Settings are read once, at start. Precedence: command line options, environment, later `--config`
files, earlier ones, the defaults below. A file holds only what differs:

```yaml
port: 9000
external_domain: id.example.com
first_instance:
  admin:
    user_name: ada
```

- **Files**: `--config FILE`, repeatable; or `PERSONAE_CONFIG`, several joined by a colon.
- **Environment**: upper case, `PERSONAE_` in front, levels joined by two underscores. An empty
  variable counts as not set. Lists and maps are written as YAML: `[a, b]`; a list also as `a,b`.
- **Options**: `--port`, `--data`, `--database`, `--workers`, `--masterkey`, `--masterkey-file`.
- Durations are written `90s`, `15m`, `12h`, `1h30m`; sizes `512KiB`, `4MiB`.
- A key that does not exist stops the start with the nearest one that does.
- `personae config show` prints every value with its origin, secrets masked; `--changed` only yours.
  `personae config validate` prints all problems and exits with 1 if there are any."""


def document() -> str:
    """The whole page."""
    return START + "".join(_sections()) + "\n"


def comments() -> dict[Key, str]:
    """The comment above each key of ``defaults.yaml``, sections included, in one line each."""
    lines = DEFAULTS.read_text(encoding="utf-8").splitlines()
    root = yaml.compose("\n".join(lines), yaml.SafeLoader)
    return {key: _above(lines, line) for key, line in _keys(root, ())}


def _keys(node: Any, prefix: Key) -> Iterator[tuple[Key, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield (*prefix, name.value), name.start_mark.line
            yield from _keys(value, (*prefix, name.value))


def _above(lines: list[str], line: int) -> str:
    found: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(found)


def _sections() -> Iterator[str]:
    texts, values = comments(), defaults()
    current: Key | None = None
    for key, info in leaves(Settings):
        if key[:-1] != current:
            current = key[:-1]
            yield _heading(current, texts)
        value = json.dumps(values[key].value, ensure_ascii=False)
        kind = _kind(info).replace("|", "\\|")
        yield f"\n| `{key[-1]}`<br>`{variable(key)}` | {kind} | `{value}` | {texts[key]} |"


def _heading(section: Key, texts: dict[Key, str]) -> str:
    title = f"`{dotted(section)}`" if section else "General"
    text = f"{texts[section]}\n\n" if section else ""
    return f"\n\n## {title}\n\n{text}{COLUMNS}"


def _kind(info: FieldInfo) -> str:
    return "secret" if is_secret(info) else _name(info.annotation)


def _name(kind: Any) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inside)
    if origin is tuple:
        return f"list of {_name(inside[0])}"
    if origin is dict:
        return f"map to {_name(inside[1])}"
    if hasattr(kind, "__metadata__"):
        return _name(inside[0])
    if type(None) in inside:
        return f"{_name(inside[0])} or null"
    return WORDS.get(kind.__name__, str(kind.__name__))


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
