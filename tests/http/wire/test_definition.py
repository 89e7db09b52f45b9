"""The definition: fresh, complete, and equal to the published interface where that is at hand."""

import json
import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from pkgutil import walk_packages

import pytest
from personae.http import api, wire
from personae.http.wire import beta, build
from personae.http.wire.descriptors import POOL, option

ROOT = Path(__file__).parents[3]
FACTS = ROOT.parent / "shared" / "api"
V2 = sorted(FACTS.glob("zitadel.*.v2.*.txt"))
V2BETA = sorted(set(FACTS.glob("zitadel.*.v2beta.*.txt")) - set(FACTS.glob("zitadel.analytics.*")))
FIELD = re.compile(
    r"(?P<number>\d+) (?P<name>\S+) (?:(?P<label>optional|repeated) )?(?P<type>map<\S+, \S+>|\S+)"
    r"(?: oneof=(?P<oneof>\S+))?(?P<deprecated> deprecated)?(?: (?P<rules>\{.*\}))?"
)
ALIKE = tuple(f"zitadel.{package}.v2beta." for package in beta.ALIKE)
"""Derived from v2, and so free to know more."""
RPC = re.compile(r"rpc (\S+) (\S+) -> (\S+)(?: ([A-Z]+) (\S+))?(?: body=(\S+))?(?: (\{.*\}))?$")


def test_the_descriptor_set_is_what_the_proto_files_say():
    assert build.build() == build.SET.read_bytes()


def test_every_method_is_bound_or_listed_as_missing():
    for module in walk_packages(api.__path__, f"{api.__name__}."):
        import_module(module.name)
    listed = files(wire).joinpath("not_yet.txt").read_text().split()
    assert listed == wire.DEFAULT.unbound()


def test_every_method_has_a_route_and_a_comment():
    from personae.http.wire.comments import comments

    for name, method in wire.METHODS.items():
        assert method.routes, name
        assert comments()[name.replace("/", ".")]


def test_no_two_methods_share_a_route():
    routes = [
        (route.verb, re.sub(r"\{[^}]*\}", "*", route.template))
        for method in wire.METHODS.values()
        for route in method.routes
    ]
    assert len(routes) == len(set(routes))


@pytest.mark.skipif(not V2, reason="the published interface is not beside this repository")
@pytest.mark.parametrize("path", V2 + V2BETA, ids=lambda path: path.stem)
def test_names_numbers_types_rules_and_routes_are_the_published_ones(path):
    compare(path.read_text().splitlines())


@pytest.mark.skipif(not V2, reason="the published interface is not beside this repository")
@pytest.mark.parametrize("name", ["admin", "idp"])
def test_what_there_is_of_v1_is_the_published_one(name):
    """Of the older services we have a part: what is there agrees, the rest is not missed."""
    facts = (FACTS / f"zitadel.{name}.txt").read_text().splitlines()
    checked = compare(part_of(facts, f"zitadel.{name}.v1"), prefix=f"/{name}/v1")
    ours = [each for each in wire.METHODS if each.startswith(f"zitadel.{name}.v1.")]
    messages = POOL.FindFileByName(f"zitadel/{name}.proto").message_types_by_name
    assert checked >= {*ours, *(each.full_name for each in messages.values())}


def compare(lines, prefix=""):
    """Compare facts with the definition; returns the names that were checked."""
    package, names, checked = "", [], set()
    for line in lines:
        words, depth = line.split(), (len(line) - len(line.lstrip())) // 2
        match words:
            case ["package", package]:
                pass
            case ["service", name]:
                names = [name]
            case ["rpc", name, *_]:
                check_method(f"{package}.{names[0]}", RPC.match(line.strip()).groups(), prefix)
                checked.add(f"{package}.{names[0]}/{name}")
            case ["message", name, *_]:
                names[depth:] = [name]
                checked.add(POOL.FindMessageTypeByName(".".join([package, *names])).full_name)
            case ["enum", name, *values]:
                check_enum(".".join([package, *names[:depth], name]), values)
            case [number, *_] if number.isdigit():
                owner = ".".join([package, *names[:depth]])
                check_field(owner, FIELD.match(line.strip()).groupdict())
    return checked


def part_of(lines, package):
    """Yield those facts of a package that are about something we have; its messages are flat."""
    methods = {each.rpartition("/")[2] for each in wire.METHODS if each.startswith(f"{package}.")}
    file = POOL.FindFileByName(f"{package.removesuffix('.v1').replace('.', '/')}.proto")
    ours = {"rpc": methods, "message": file.message_types_by_name, "enum": file.enum_types_by_name}
    there = True
    for line in lines:
        kind, name, *_ = line.split()
        if kind in ours:
            there = name in ours[kind]
        if there or kind in {"package", "service"}:
            yield line


@pytest.mark.skipif(not V2, reason="the published interface is not beside this repository")
def test_the_older_services_have_the_published_methods_and_no_others():
    published, package, service = set(), "", ""
    for line in "\n".join(path.read_text() for path in V2BETA).splitlines():
        match line.split():
            case ["package", package]:
                pass
            case ["service", service]:
                pass
            case ["rpc", name, *_]:
                published.add(f"{package}.{service}/{name}")
    assert {name for name in wire.METHODS if ".v2beta." in name} == published


def check_enum(name, values):
    enum = POOL.FindEnumTypeByName(name)
    known = [f"{value.name}={value.number}" for value in enum.values]
    assert known == values or (name.startswith(ALIKE) and set(known) > set(values))


def check_field(owner, fact):
    field = POOL.FindMessageTypeByName(owner).fields_by_name[fact["name"]]
    oneof = field.containing_oneof.name if field.containing_oneof else None
    assert field.number == int(fact["number"])
    assert type_of(field) == fact["type"]
    assert oneof == (f"_{field.name}" if fact["label"] == "optional" else fact["oneof"])
    assert field.is_repeated == (fact["label"] == "repeated" or fact["type"].startswith("map<"))
    assert field.GetOptions().deprecated == bool(fact["deprecated"])
    assert rules_of(option(field, "validate.rules")) == json.loads(fact["rules"] or "{}")


def type_of(field):
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        return f"map<{type_of(key)}, {type_of(value)}>"
    named = field.message_type or field.enum_type
    if named:
        return named.full_name
    kinds = {9: "string", 8: "bool", 12: "bytes", 5: "int32", 3: "int64", 13: "uint32", 4: "uint64"}
    return kinds[field.type]


def rules_of(rules):
    """Render rules as the facts do: enum and int32 numbers plain, lengths and durations as text."""

    def plain(value, field):
        if field.is_repeated:
            return list(value)
        if field.message_type and field.message_type.name == "Duration":
            return value.ToJsonString()
        if field.message_type:
            return rules_of(value)
        return str(value) if field.type == field.TYPE_UINT64 else value

    return {field.name: plain(value, field) for field, value in rules.ListFields()}


def check_method(service, fact, prefix=""):
    name, request, reply, verb, template, body, options = fact
    method = wire.METHODS[f"{service}/{name}"]
    assert method.request.DESCRIPTOR.full_name == request
    assert method.reply.DESCRIPTOR.full_name == reply
    if verb:
        [route] = method.routes
        assert (route.verb, route.template, route.body) == (verb, prefix + template, body == "*")
    given = json.loads(options or "{}")
    needed = given if prefix else given.get("auth_option", {})
    assert method.permission == needed.get("permission", "")
    assert method.org_field == needed.get("org_field", "")
    assert method.success == given.get("http_response", {}).get("success_code", 200)
