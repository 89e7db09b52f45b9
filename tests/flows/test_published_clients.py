"""Clients that are published for the reference system work unchanged: only the address is ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node import installed

pytestmark = pytest.mark.flow

FOLDER = Path(__file__).parent / "published"
NOT_FOUND = 5
FILLED = {
    "zitadel.user.v2.UserService": "result",
    "zitadel.session.v2.SessionService": "session",
    "zitadel.org.v2.OrganizationService": "result",
    "zitadel.project.v2beta.ProjectService": "projects",
    "zitadel.internal_permission.v2beta.InternalPermissionService": "administrators",
    "zitadel.instance.v2beta.InstanceService": "instance",
    "zitadel.settings.v2.SettingsService": "settings",
    "zitadel.feature.v2.FeatureService": "loginDefaultOrg",
    "zitadel.webkey.v2.WebKeyService": "webKeys",
}
"""What of the answer of each service must be there."""
EMPTY = {
    "zitadel.app.v2beta.AppService",
    "zitadel.authorization.v2beta.AuthorizationService",
    "zitadel.action.v2beta.ActionService",
}
MISSING = {
    "zitadel.idp.v2.IdentityProviderService",
    "zitadel.oidc.v2.OIDCService",
    "zitadel.saml.v2.SAMLService",
}
REFUSED = {"idps": 404, "oidc": 403, "saml": 403}
"""What there is not, and what only pages to sign in on may see."""


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A folder with the script and its packages from the npm registry."""
    return installed(FOLDER, tmp_path_factory)


def said(*command, **options):
    """Return the JSON that a program prints."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_javascript_client(running, published):
    sign_in = (running.folder / "login-client-pat").read_text().strip()
    arguments = running.url, running.pat, sign_in, "published"
    told = said("node", "client.mjs", *arguments, cwd=published)
    added = told["added"]
    assert told["user"] == {"id": added, "name": "published", "type": "human"}
    assert told["listed"] == [added]
    assert told["session"] == {"user": added, "password": True}
    assert told["refusal"]["code"] == NOT_FOUND
    assert told["refusal"]["message"].endswith("(USER-NotFound)")
    same(told["everywhere"])


def same(everywhere):
    """Check that every service of the client answers, and the same on each of its wires."""
    assert set(everywhere) == set(FILLED) | EMPTY | MISSING
    for service, wires in everywhere.items():
        first = wires["grpc"]
        assert set(wires) == {"grpc", "connect", "connectBinary", "grpcWeb", "http1"}
        assert [wire for wire, answer in wires.items() if answer != first] == [], service
        assert ("code" in first) == (service in MISSING), (service, first)
        if service in FILLED:
            assert first[FILLED[service]], (service, first)
        if service in MISSING:
            assert first["code"] == NOT_FOUND, (service, first)


def test_the_python_client(running):
    key = running.folder / "key.json"
    told = said(sys.executable, FOLDER / "client.py", running.url, key, "pythonic")
    user_id, robot = told["user_id"], told["robot"]
    assert (told["user"]["userId"], told["user"]["username"]) == (user_id, "pythonic")
    assert [user["userId"] for user in told["listed"]["result"]] == [user_id]
    assert told["again"]["status"] == 409
    assert told["wrong password"]["status"] == 400
    assert told["session"]["factors"]["user"]["id"] == user_id
    assert told["session"]["factors"]["password"]["verifiedAt"]
    assert {user["userId"] for user in robot["seen"]["result"]} == {user_id, robot["user_id"]}
    assert robot["refused"]["status"] == 403
    refused = {name: answer.get("status") for name, answer in told["services"].items()}
    assert {name: status for name, status in refused.items() if status} == REFUSED
