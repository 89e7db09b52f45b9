"""Filter messages of the API's shapes, made at run time: the kit knows none of them by name."""

from google.protobuf import descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto

TYPES = {"string": 9, "bool": 8, "int32": 5, "bytes": 12}
TEXT = "TextQueryMethod"
MESSAGES = {
    "NameQuery": [("name", "string"), ("method", TEXT)],
    "AgeQuery": [("age", "int32")],
    "HappyQuery": [("happy", "bool")],
    "InIDsQuery": [("ids", "repeated string")],
    "TagQuery": [("tag", "string"), ("method", TEXT)],
    "BornQuery": [("born", "Timestamp"), ("method", "TimestampQueryMethod")],
    "StrangeQuery": [("one", "string"), ("two", "string")],
    "OrQuery": [("queries", "repeated SearchQuery")],
    "AndQuery": [("queries", "repeated SearchQuery")],
    "NotQuery": [("query", "SearchQuery")],
    "SearchQuery": [
        ("name_query", "NameQuery"), ("age_query", "AgeQuery"), ("happy_query", "HappyQuery"),
        ("in_ids_query", "InIDsQuery"), ("tag_query", "TagQuery"), ("born_query", "BornQuery"),
        ("badge_query", "NameQuery"), ("strange_query", "StrangeQuery"), ("plain", "string"),
        ("or_query", "OrQuery"), ("and_query", "AndQuery"), ("not_query", "NotQuery"),
    ],
}  # fmt: skip
ENUMS = {TEXT: 8, "TimestampQueryMethod": 5}


def _file():
    file = FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    for name, size in ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number in range(size):
            enum.value.add(name=f"{name}_{number}", number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        if name == "SearchQuery":
            message.oneof_decl.add(name="query")
        for number, (field, kind) in enumerate(fields, 1):
            _field(message, field, kind, number, in_oneof=name == "SearchQuery")
    return file


def _field(message, name, kind, number, *, in_oneof):
    label = Field.LABEL_REPEATED if kind.startswith("repeated ") else Field.LABEL_OPTIONAL
    kind = kind.removeprefix("repeated ")
    field = message.field.add(name=name, number=number, label=label)
    if kind in TYPES:
        field.type = TYPES[kind]
    else:
        field.type = Field.TYPE_ENUM if kind in ENUMS else Field.TYPE_MESSAGE
        field.type_name = ".google.protobuf.Timestamp" if kind == "Timestamp" else f".t.{kind}"
    if in_oneof:
        field.oneof_index = 0


_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
_pool.AddSerializedFile(_file().SerializeToString())
SearchQuery = message_factory.GetMessageClass(_pool.FindMessageTypeByName("t.SearchQuery"))
