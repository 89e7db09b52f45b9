"""Every field rule of the definition refuses a request that breaks it, and names the field."""

from personae.http.wire.validate import validate

from tests.http.wire.conftest import AS_ROOT
from tests.http.wire.violations import valid, violations

PROTO = AS_ROOT | {"Content-Type": "application/proto"}


async def test_a_broken_rule_is_an_invalid_argument_that_names_the_field(everything):
    tried = 0
    for method, path, rule, request in violations():
        body = request.SerializeToString()
        async with everything.post(method.path, data=body, headers=PROTO) as answer:
            said = await answer.json(content_type=None)
        assert answer.status == 400, (method.name, path, rule)
        assert said["code"] == "invalid_argument"
        detail = said["details"][0]["debug"]
        assert detail["id"] == "REQUEST-InvalidField"
        field, _, told = detail["message"].partition(" rule ")
        assert f"field {path}" in field, (path, rule, detail)
        assert rule.removesuffix("_in") in told
        tried += 1
    assert tried > 1200


def test_what_keeps_all_rules_is_let_through():
    """The same messages but for the one field: so it was that which was refused."""
    for method, *_ in violations():
        validate(valid(method.request.DESCRIPTOR))
