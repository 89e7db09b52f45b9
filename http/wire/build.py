"""Build the committed descriptor set from ``http/proto``.

    python -m personae.http.wire.build            rebuild descriptors.binpb
    python -m personae.http.wire.build --check    exit 1 when it is not up to date

Needs grpcio-tools and googleapis-common-protos; the server needs neither.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import google.api.annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from personae.http.wire import beta

PROTO = Path(__file__).parent.parent / "proto"
SET = Path(__file__).parent / "descriptors.binpb"


def main(arguments: list[str]) -> int:
    """Build or check; returns the exit code."""
    built = build()
    if "--check" in arguments:
        return int(built != SET.read_bytes())
    SET.write_bytes(built)
    return 0


def build() -> bytes:
    """Return the serialized set: our files with comments, without what Google's packages bring."""
    return _reduced(_compiled()).SerializeToString(deterministic=True)


def _compiled() -> FileDescriptorSet:
    from grpc_tools import protoc

    includes: list[Any] = [
        PROTO,
        files("grpc_tools") / "_proto",
        Path(google.api.annotations_pb2.__file__).parent.parent.parent,
    ]
    sources = [str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto")]
    with tempfile.TemporaryDirectory() as folder:
        includes.append(folder)
        sources = sorted([*sources, *_derived(Path(folder))])
        out = Path(folder, "set")
        flags = ["--include_source_info", f"-o{out}"]
        code = protoc.main(["protoc", *(f"-I{path}" for path in includes), *flags, *sources])
        if code:
            raise SystemExit(code)
        return FileDescriptorSet.FromString(out.read_bytes())


def _derived(folder: Path) -> Iterator[str]:
    """Write the definitions of the older packages into a folder; yields their names."""
    for package in beta.ALIKE:
        for path in (PROTO / "zitadel" / package / "v2").glob("*.proto"):
            name = f"zitadel/{package}/v2beta/{path.name}"
            folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(name).write_text(beta.derived(package, path.read_text()))
            yield name


def _reduced(compiled: FileDescriptorSet) -> FileDescriptorSet:
    """Keep only the leading comments of the source information."""
    for file in compiled.file:
        commented = [at for at in file.source_code_info.location if at.leading_comments]
        file.ClearField("source_code_info")
        for location in commented:
            file.source_code_info.location.add(
                path=location.path,
                span=(0, 0, 0),
                leading_comments=location.leading_comments,
            )
    return compiled


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
