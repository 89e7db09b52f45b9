"""Random messages of the definition: some right, most nearly, some broken bytes."""

from personae.http.wire.descriptors import message_class

from tests.http.wire.violations import valid

DEPTH = 4
TEXTS = (
    "", "x", "101", "10", "30", "1", "V2_1", "gigi@example.com", "x" * 201, "x" * 5000, "a\0b", "ß🦒",
    "\u202egnp", "../../x", "%2e%2e", "' OR 1=1 --", "{{.Code}}", "https://a.test/x", "*", "%", "_",
)  # fmt: skip
NUMBERS = (0, 1, 2, 7, 1000, 1001, 2**31 - 1)
WIDE = (2**32 - 1, 2**63 - 1)
SPANS = (-(2**62), -1, 0, 1, 3600, 253_402_300_800, 2**62)
BYTES = (b"", b"x", b"\xff\xfe", b"<xml/>", b"x" * 600_000)


class Messages:
    """Makes messages by a source of chance."""

    def __init__(self, chance):
        self.chance = chance

    def of(self, message, depth=DEPTH):
        """Return a random message of a type; ``depth`` bounds the messages in it.

        One in two keeps the field rules but for a field or so, and gets past them.
        """
        careful = self.chance.random() < 0.5
        made = valid(message) if careful else message_class(message)()
        share = 1 / (len(message.fields) or 1) if careful else 0.5
        for field in message.fields:
            if self.chance.random() < share:
                made.ClearField(field.name)
                self._fill(made, field, depth)
        return made

    def _fill(self, made, field, depth):
        inner = field.message_type
        if inner and inner.GetOptions().map_entry:
            return
        if inner is None:
            value = self._value(field)
            if field.is_repeated:
                getattr(made, field.name).extend([value] * self.chance.choice((1, 2, 30)))
            else:
                setattr(made, field.name, value)
        elif depth and inner.full_name != "google.protobuf.Struct":
            parts = getattr(made, field.name)
            one = parts.add() if field.is_repeated else parts
            one.CopyFrom(self._span(inner) if _is_time(inner) else self.of(inner, depth - 1))

    def _span(self, inner):
        seconds, nanos = (
            self.chance.choice(SPANS),
            self.chance.choice((0, -1, 999_999_999, 2**31 - 1)),
        )
        return message_class(inner)(seconds=seconds, nanos=nanos)

    def _value(self, field):
        if field.type == field.TYPE_STRING:
            return self.chance.choice(TEXTS)
        if field.type == field.TYPE_BYTES:
            return self.chance.choice(BYTES)
        if field.type == field.TYPE_BOOL:
            return self.chance.random() < 0.5
        wide = WIDE[:1] if field.type == field.TYPE_UINT32 else WIDE
        small = field.enum_type or field.type == field.TYPE_INT32
        return self.chance.choice(NUMBERS if small else NUMBERS + wide)

    def broken(self, data):
        """Return bytes with something changed, cut, doubled or added."""
        data = bytearray(data)
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(data) + 1)
            match self.chance.randrange(4):
                case 0 if data:
                    data[at - 1] = self.chance.randrange(256)
                case 1:
                    del data[at:]
                case 2:
                    data[at:at] = self.chance.randbytes(self.chance.randint(1, 20))
                case _:
                    data += data[at:][:1000]
        return bytes(data)


def _is_time(message):
    return message.full_name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}
