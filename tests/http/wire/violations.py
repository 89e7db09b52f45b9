"""One violating request for every field rule of the definition, made from the rules themselves."""

from personae.http import wire
from personae.http.wire.descriptors import message_class, option

LONGER = 1


def violations():
    """Yield (method, path of the field, rule, request) for every rule that a request can break."""
    known = set()
    for method in wire.METHODS.values():
        yield from _of_message(method, method.request.DESCRIPTOR, "", lambda inner: inner, known)


def _of_message(method, message, path, within, known):
    if message.full_name in known or message.full_name.startswith("google."):
        return
    known.add(message.full_name)
    for field in message.fields:
        name = f"{path}{field.name}"
        for rule, value in _broken(field):
            request = within(_with(message, field, value))
            yield method, name, rule, request
        inner = field.message_type
        if inner and not inner.GetOptions().map_entry:

            def deeper(value, field=field):
                return within(_with(message, field, [value] if field.is_repeated else value))

            mark = "[0]." if field.is_repeated else "."
            yield from _of_message(method, inner, f"{name}{mark}", deeper, known)


def _with(message, field, value):
    """Return a message that keeps all rules, but for one field with this value."""
    made = valid(message)
    made.ClearField(field.name)
    if value is None:
        return made
    if field.is_repeated:
        for one in value:
            if field.message_type:
                getattr(made, field.name).add().CopyFrom(one)
            else:
                getattr(made, field.name).append(one)
    elif field.message_type:
        getattr(made, field.name).CopyFrom(value)
    else:
        setattr(made, field.name, value)
    return made


def valid(message):
    """Return a message of a type that keeps its rules, with as little in it as they allow."""
    made = message_class(message)()
    for field in message.fields:
        rules = option(field, "validate.rules")
        kind = rules.WhichOneof("type")
        must = rules.message.required or (kind and getattr(getattr(rules, kind), "required", False))
        if field.has_presence and not must:
            continue
        if field.message_type:
            if must:
                getattr(made, field.name).CopyFrom(valid(field.message_type))
        elif field.is_repeated:
            least = rules.repeated.min_items
            getattr(made, field.name).extend(_value(field, n) for n in range(least))
        else:
            setattr(made, field.name, _value(field))
    return made


def _value(field, number=0):
    """Return a scalar that keeps the rules of a field; another one for each number."""
    rules = option(field, "validate.rules")
    if field.enum_type:
        barred = set(rules.enum.not_in)
        return next(v.number for v in field.enum_type.values if v.number not in barred)
    if field.type == field.TYPE_STRING:
        if rules.string.email:
            return "gigi@example.com"
        return rules.string.prefix + str(number) * max(rules.string.min_len, rules.string.len, 1)
    if field.type == field.TYPE_BYTES:
        return b"x" * rules.bytes.min_len
    if field.type == field.TYPE_BOOL:
        return rules.bool.const
    return rules.int32.gte if field.type == field.TYPE_INT32 else 0


def _broken(field):
    """Yield (rule, value that breaks it) for the rules of a field; ``None`` stands for unset."""
    rules = option(field, "validate.rules")
    if rules.message.required:
        yield "required", None
    kind = rules.WhichOneof("type")
    if kind is None:
        return
    mine = getattr(rules, kind)
    if kind == "repeated":
        yield from _broken_lists(field, mine)
        return
    skipping = {"ignore_empty"} | ({"min_len"} if _may_be_empty(field, mine) else set())
    for rule, limit in mine.ListFields():
        if rule.name not in skipping and not (rule.name == "min_len" and not limit):
            yield rule.name, _BREAKS[kind](field, rule.name, limit)


def _may_be_empty(field, rules):
    return getattr(rules, "ignore_empty", False) and rules.min_len <= 1


def _broken_lists(field, rules):
    for rule, limit in rules.ListFields():
        if rule.name == "min_items":
            yield "min_items", [_value(field, n) for n in range(limit - 1)]
        elif rule.name == "max_items":
            yield "max_items", [_value(field, n) for n in range(limit + 1)]
        elif rule.name == "unique":
            yield "unique", [_value(field)] * 2
        else:
            kind = limit.WhichOneof("type")
            for inner, bound in getattr(limit, kind).ListFields():
                yield inner.name, [_BREAKS[kind](field, inner.name, bound)]


def _string(_field, rule, limit):
    if rule in {"max_len", "len", "max_bytes"}:
        return "x" * (limit + LONGER)
    return {"min_len": "x" * (int(limit) - 1) if rule == "min_len" else ""}.get(rule, "no good")


def _bytes(_field, rule, limit):
    return b"x" * (limit + 1 if rule == "max_len" else limit - 1)


def _enum(_field, rule, limit):
    return 9999 if rule == "defined_only" else limit[0]


def _duration(field, rule, limit):
    if rule == "required":
        return None
    shift = {"lte": 1, "gte": -1, "gt": 0, "const": 1}[rule]
    return message_class(field.message_type)(seconds=limit.seconds + shift)


_BREAKS = {
    "string": _string,
    "bytes": _bytes,
    "enum": _enum,
    "duration": _duration,
    "timestamp": lambda *_: None,
    "bool": lambda _field, _rule, limit: not limit,
    "int32": lambda _field, rule, limit: limit + (1 if rule == "lte" else -1),
}
