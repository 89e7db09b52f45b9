"""The OpenAPI document as a page for people: every call with its fields, and a form to try it.

One file with its own style and script, so that it needs no other host; without script it is a
reference to read.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from hashlib import sha256
from html import escape
from itertools import groupby
from typing import Any

from aiohttp import hdrs, web
from personae.http.wire.fixed import Fixed
from personae.http.wire.openapi import document
from personae.http.wire.registry import Registry

Words = Mapping[str, Any]
Json = dict[str, Any]
DEPTH = 3
"""Messages within messages that an example shows."""

STYLE = (
    ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}"
    "body{margin:1.5rem auto;padding:0 1rem;max-width:60rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "details{border-bottom:1px solid #8886;padding:.4rem 0}"
    "summary{cursor:pointer;overflow-wrap:anywhere}summary b{display:inline-block;min-width:4.5rem}"
    "pre,textarea,input{font:13px/1.4 ui-monospace,monospace;box-sizing:border-box;width:100%}"
    "pre{overflow:auto;padding:.6rem;border:1px solid #8886}textarea{min-height:8rem}"
    "label{display:block;margin:.5rem 0}button{font:inherit;padding:.3rem 1rem}"
)
SCRIPT = """
const token = document.getElementById("token");
for (const part of document.querySelectorAll("[hidden]")) part.hidden = false;
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, out = form.querySelector("output");
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("input")) {
    if (field.dataset.in === "path") {
      path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    } else if (field.value) query.append(field.name, field.value);
  }
  const body = form.querySelector("textarea")?.value;
  const headers = body ? {"Content-Type": "application/json"} : {};
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  const url = query.size ? `${path}?${query}` : path;
  try {
    const answer = await fetch(url, {method: form.dataset.verb, headers, body});
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch {}
    out.innerHTML = "<pre></pre>";
    out.firstChild.textContent = `${answer.status}\\n${shown}`;
  } catch (error) { out.textContent = String(error); }
});
"""


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"connect-src 'self'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}"
)
"""The page's Content-Security-Policy."""


def handler(
    registry: Registry, words: Callable[[str], Words]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return what serves the page, in each language."""
    pages: dict[str, Fixed] = {}

    async def serve(request: web.Request) -> web.Response:
        say = words(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        language = say["language"]
        if language not in pages:
            headers = {"Content-Security-Policy": POLICY, hdrs.CONTENT_LANGUAGE: language}
            pages[language] = Fixed(
                lambda: page(document(registry), say).encode(), "text/html; charset=utf-8", headers
            )
        return await pages[language].answer(request)

    return serve


def page(described: Json, words: Words) -> str:
    """Return the page of a document."""
    say = {name: escape(str(word)) for name, word in words.items()}
    calls = [
        (operation["operationId"].rpartition(".")[0], verb, path, operation)
        for path, item in described["paths"].items()
        for verb, operation in item.items()
    ]
    parts = "".join(
        f"<h2>{escape(service)}</h2>{''.join(_call(each, described, say) for each in group)}"
        for service, group in groupby(sorted(calls, key=lambda call: call[0]), lambda call: call[0])
    )
    return (
        f'<!doctype html><html lang="{say["language"]}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{say["title"]}</title>'
        f"<style>{STYLE}</style><main><h1>{say['title']}</h1><p>{say['intro']} "
        f'<a href="/openapi.json">openapi.json</a></p><p hidden><label>{say["token"]}'
        f'<input id="token" autocomplete="off"></label></p>{parts}</main>'
        f"<script>{SCRIPT}</script></html>"
    )


def _call(call: tuple[str, str, str, Json], described: Json, say: Mapping[str, str]) -> str:
    _, verb, path, operation = call
    name = operation["operationId"].rpartition(".")[2]
    permission = operation.get("x-permission")
    needs = f"<p>{say['permission']}: <code>{escape(permission)}</code></p>" if permission else ""
    done = next(iter(operation["responses"]))
    told = _example(operation["responses"][done], described)
    return (
        f"<details><summary><b>{verb.upper()}</b> <code>{escape(path)}</code> {escape(name)}"
        f"</summary><p>{escape(operation.get('description', ''))}</p>{needs}"
        f'<form hidden data-verb="{verb.upper()}" data-path="{escape(path)}">'
        f"{''.join(_fields(operation, described, say))}"
        f"<button>{say['send']}</button><output></output></form>"
        f"<p>{say['answer']} {done}</p><pre>{escape(told)}</pre></details>"
    )


def _fields(operation: Json, described: Json, say: Mapping[str, str]) -> Iterator[str]:
    for parameter in operation["parameters"]:
        must = " required" if parameter.get("required") else ""
        name = escape(parameter["name"])
        yield f'<label>{name}<input name="{name}" data-in="{parameter["in"]}"{must}></label>'
    if "requestBody" in operation:
        asked = escape(_example(operation["requestBody"], described))
        yield f"<label>{say['body']}<textarea>{asked}</textarea></label>"


def _example(content: Json, described: Json) -> str:
    schema = content["content"]["application/json"]["schema"]
    return json.dumps(_sample(schema, described["components"]["schemas"], DEPTH), indent=2)


def _sample(schema: Json, schemas: Json, depth: int) -> Any:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
        if not depth:
            return {}
        fields = schema.get("properties", {})
        return {name: _sample(one, schemas, depth - 1) for name, one in fields.items()}
    if schema["type"] == "array":
        return [_sample(schema["items"], schemas, depth)]
    if "enum" in schema:
        return schema["enum"][-1]
    samples = {"string": schema.get("format", ""), "boolean": False, "integer": 0, "object": {}}
    return samples[schema["type"]]
