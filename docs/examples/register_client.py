"""Register a web application with Personae: a project, and an OpenID Connect client in it.

    python register_client.py http://localhost:8080 admin.pat

Prints the client id and, this once, the client secret. Python's standard library is enough.
"""

import json
import sys
import urllib.request
from pathlib import Path


def call(url, token, body):
    """Send JSON to the API and return its answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 — a URL of your own
        return json.load(answer)


def register(server, token, name="web", port=9999):
    """Return client id and secret of a new web application on localhost."""
    organisation = call(f"{server}/v2/organizations/_search", token, {})["result"][0]["id"]
    project = call(f"{server}/v2/projects", token, {"organizationId": organisation, "name": name})
    application = {
        "projectId": project["projectId"],
        "name": name,
        "oidcConfiguration": {
            "redirectUris": [f"http://localhost:{port}/callback"],
            "postLogoutRedirectUris": [f"http://localhost:{port}/bye"],
            "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes": [
                "OIDC_GRANT_TYPE_AUTHORIZATION_CODE",
                "OIDC_GRANT_TYPE_REFRESH_TOKEN",
            ],
        },
    }
    client = call(f"{server}/v2/applications", token, application)["oidcConfiguration"]
    return client["clientId"], client["clientSecret"]


if __name__ == "__main__":
    server, token_file = sys.argv[1:3]
    print(*register(server, Path(token_file).read_text().strip()))  # noqa: T201
