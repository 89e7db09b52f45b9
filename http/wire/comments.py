"""The comments of the definition, by full name of what they stand before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from personae.http.wire.descriptors import FILES


@cache
def comments() -> dict[str, str]:
    """Return every comment as one line of text, e.g. under ``zitadel.user.v2.User.state``."""
    return {name: text for file in FILES.file for name, text in _of(file)}


def _of(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        name = _named(file, location.path)
        if name:
            yield f"{file.package}.{name}", " ".join(location.leading_comments.split())


def _named(file: FileDescriptorProto, path: Sequence[int]) -> str:
    """Follow a path of field numbers and indexes (descriptor.proto, SourceCodeInfo) to a name."""
    names, at = [], file
    for number, index in zip(path[::2], path[1::2], strict=False):
        field: Any = at.DESCRIPTOR.fields_by_number[number]
        children = getattr(at, field.name)
        if not isinstance(at, FileDescriptorProto | DescriptorProto) and field.name != "method":
            return ""
        at = children[index]
        names.append(at.name)
    return ".".join(names)
