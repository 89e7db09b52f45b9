"""Reading forms: bounded, and only those that this browser was given for this page (SEC-02)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from personae.http.login import cookies
from personae.http.login.refusals import FORM_FOREIGN, FORM_INVALID
from personae.http.login.seal import unseal
from personae.http.login.visit import Visit

LONGEST = 32 * 1024
MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, and what the form remembered by itself."""

    fields: Mapping[str, str]
    memory: Mapping[str, str]
    chosen: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        """Return what was typed into a field; nothing for a field that was not sent."""
        return self.fields.get(name, "")


async def read_form(visit: Visit, page: str) -> Form:
    """Return a posted form. Raises LOGIN-FormInvalid, LOGIN-FormForeign."""
    pairs = await _pairs(visit)
    fields = dict(pairs)
    found = unseal(visit.services, f"form {page} {visit.instance_id}", fields.pop("token", ""))
    ours = cookies.read(visit.request, visit.services, cookies.BROWSER)
    if not found or not ours or not hmac.compare_digest(found[0], ours):
        raise FORM_FOREIGN()
    return Form(fields, found[1], tuple(value for name, value in pairs if name == "account"))


async def _pairs(visit: Visit) -> list[tuple[str, str]]:
    request = visit.request
    if request.content_type != "application/x-www-form-urlencoded":
        raise FORM_INVALID()
    if (request.content_length or 0) > LONGEST:
        raise FORM_INVALID()
    body = await request.read()
    if len(body) > LONGEST:
        raise FORM_INVALID()
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise FORM_INVALID() from None
