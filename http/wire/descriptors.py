"""The API's definition, loaded once: descriptors and message classes made from them.

The pool is our own, so that nothing clashes with other definitions of the same names in this
process. Messages of one pool do not mix with those of another: use :func:`message_class` also for
``google.protobuf.Timestamp`` and its like.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, TypeVar

from google.api import annotations_pb2, http_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    struct_pb2,
    timestamp_pb2,
)
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

T = TypeVar("T")

INSTALLED = (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    struct_pb2,
    timestamp_pb2,
    http_pb2,
    annotations_pb2,
)

FILES = FileDescriptorSet.FromString(files(__package__).joinpath("descriptors.binpb").read_bytes())
"""Our files in the order of their imports, with comments."""


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in INSTALLED:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    for file in FILES.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = _pool()


def message_class(message: str | Descriptor) -> type[Message]:
    """Return the class of a message. Raises ``KeyError`` for an unknown name."""
    found = POOL.FindMessageTypeByName(message) if isinstance(message, str) else message
    return GetMessageClass(found)


def option(descriptor: Any, extension: str) -> Any:
    """Return a custom option of a descriptor, e.g. ``google.api.http``; its default when unset.

    Descriptors give their options as messages of the default pool, which does not know ours:
    they are read again here.
    """
    options = descriptor.GetOptions()
    known = message_class(options.DESCRIPTOR.full_name)
    read: Any = known.FromString(options.SerializeToString())
    return read.Extensions[POOL.FindExtensionByName(extension)]
