"""What Schemathesis checks of every answer; it loads this by ``SCHEMATHESIS_HOOKS``."""

import schemathesis

UNIMPLEMENTED = 12
"""gRPC's code: REST says it with status 501."""


@schemathesis.check
def no_error_of_the_server(_context, response, _case):
    """Fail for a status from 500 on, but for one: what is said to be missing, with its id."""
    if response.status_code < 500:
        return
    said = response.json() if response.status_code == 501 else {}
    missing = said.get("code") == UNIMPLEMENTED and said["details"][0]["id"]
    assert missing, f"{response.status_code}: {response.text[:500]}"
