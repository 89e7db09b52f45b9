"""Path segments and query parameters to fields."""

from __future__ import annotations

from google.protobuf.message import Message
from personae.http.wire.decode import DEPTH, FROM_TEXT, Entry, only_one, table_of
from personae.http.wire.scalars import text_converter
from personae.http.wire.wrong import Wrong


def put_text(message: Message, path: list[str], texts: list[str]) -> None:
    """Set a field, maybe of a message inside, from path segments or query parameters.

    Unknown fields are ignored. Raises :class:`Wrong`, with the path.
    """
    entry = table_of(message.DESCRIPTOR).get(path[0])
    if entry is None:
        return
    try:
        if len(path) > 1:
            _put_inside(message, entry, path[1:], texts)
        else:
            _put_texts(message, entry, texts)
    except Wrong as wrong:
        raise wrong.within(entry.name) from None
    except (TypeError, ValueError):
        raise Wrong("out of range", entry.name) from None


def _put_inside(message: Message, entry: Entry, path: list[str], texts: list[str]) -> None:
    if not entry.field.message_type or entry.field.is_repeated or len(path) > DEPTH:
        raise Wrong("no field of its own")
    only_one(message, entry)
    inner = getattr(message, entry.name)
    inner.SetInParent()
    put_text(inner, path, texts)


def _put_texts(message: Message, entry: Entry, texts: list[str]) -> None:
    if not entry.field.is_repeated and len(texts) > 1:
        raise Wrong("one value")
    only_one(message, entry)
    if entry.field.message_type:
        if entry.field.message_type.full_name not in FROM_TEXT or entry.field.is_repeated:
            raise Wrong("not possible in a query")
        entry.put(message, texts[0], DEPTH)
        return
    convert = text_converter(entry.field)
    values = [convert(text) for text in texts]
    if entry.field.is_repeated:
        getattr(message, entry.name).extend(values)
    else:
        setattr(message, entry.name, values[0])
