"""One call, on the wire whose turn it is; every answer in the words of Connect."""

import re
from urllib.parse import quote, urlencode

import grpc
from personae.actors.domain.kit import Code
from personae.http import wire
from personae.http.wire.decode import from_dict
from personae.http.wire.encode import to_dict
from personae.http.wire.wrong import Wrong

from tests.http.wire.test_four_wires import frames_of, refused_status


async def connect(api, method, headers, fields):
    """As JSON, the fields as they are: also those that are wrong."""
    async with api.http.post(f"/{method}", json=fields, headers=headers) as answer:
        return await answer.json()


async def rest(api, method, headers, fields):
    route = wire.METHODS[method].routes[0]
    target = rest_target(route, to_dict(message_of(method, fields)))
    if target is None:
        return await connect(api, method, headers, fields)
    path, body = target
    async with api.http.request(route.verb, path, json=body, headers=headers) as answer:
        got = await answer.json()
    return got if answer.ok else refused(got["code"], got["message"], got["details"][0])


async def native(api, method, headers, fields):
    known = wire.METHODS[method]
    metadata = tuple((name.lower(), value) for name, value in headers.items())
    send = api.channel.unary_unary(
        known.path, known.request.SerializeToString, known.reply.FromString
    )
    try:
        return to_dict(await send(message_of(method, fields), metadata=metadata, timeout=30))
    except grpc.aio.AioRpcError as error:
        got = refused_status(dict(error.trailing_metadata())["grpc-status-details-bin"])
        return of_status(got)


async def web(api, method, headers, fields):
    body = message_of(method, fields).SerializeToString()
    headers = {"Content-Type": "application/grpc-web+proto", **headers}
    data = b"\0" + len(body).to_bytes(4) + body
    async with api.http.post(f"/{method}", data=data, headers=headers) as answer:
        frames = dict(frames_of(await answer.read()))
    trailers = dict(line.split(":", 1) for line in frames[0x80].decode().splitlines())
    if trailers["grpc-status"] == "0":
        return to_dict(wire.METHODS[method].reply.FromString(frames[0]))
    return of_status(refused_status(trailers["grpc-status-details-bin"]))


WIRES = {"REST": rest, "Connect": connect, "gRPC-web": web, "gRPC": native}


async def called(api, turn, method, headers, fields):
    """Call a method on the wire whose turn it is; what is no message of it, by Connect."""
    try:
        message_of(method, fields)
    except Wrong:
        return await connect(api, method, headers, fields)
    return await list(WIRES.values())[turn % len(WIRES)](api, method, headers, fields)


def message_of(method, fields):
    message = wire.METHODS[method].request()
    from_dict(fields, message)
    return message


def rest_target(route, fields):
    """Return path and body of a call as JSON has it; None when a path or query cannot say it."""
    filled = []

    def fill(match):
        value = fields
        for name in match[1].split("."):
            value = value.get(camel(name), "") if isinstance(value, dict) else ""
        filled.append(match[1])
        return quote(str(value), safe="")

    path = re.sub(r"\{([\w.]+)(?:=[^{}]+)?\}", fill, route.template)
    if "//" in path or path.endswith("/") or "%" in path:
        return None
    if route.body:
        return path, fields
    query = []
    for name, value in fields.items():
        if name in map(camel, filled):
            continue
        if not parameters(query, name, value):
            return None
    return (f"{path}?{urlencode(query)}" if query else path), None


def parameters(query, name, value):
    """Add what a query says about a field; False when it cannot."""
    if isinstance(value, dict):
        return all(
            parameters(query, f"{name}.{inner}", one) for inner, one in value.items()
        ) and bool(value)
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, (dict, list)) for one in values):
        return False
    query += [(name, str(one).lower() if isinstance(one, bool) else one) for one in values]
    return True


def camel(name):
    head, *rest_ = name.split("_")
    return head + "".join(part.capitalize() for part in rest_)


def of_status(got):
    return refused(got["code"], got["message"], {"id": got["id"], "message": got["detail"]})


def refused(code, message, detail):
    debug = {"id": detail["id"], "message": detail["message"]}
    return {"code": Code(code).name.lower(), "message": message, "details": [{"debug": debug}]}
