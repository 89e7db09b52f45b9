"""The client for Python that is published for the reference system, unchanged. Prints one JSON object.

``python client.py URL KEY_FILE NAME``: as the machine user of a key file (a signed JWT), then as one of its own
with a secret (client credentials).
"""

import json
import sys

from zitadel_client import Zitadel
from zitadel_client.exceptions import ApiError

PASSWORD = "Correct-Horse-2"


def told(ask, *request):
    """Return what a call answers, as JSON would have it: a refusal with its status."""
    try:
        return ask(*request).to_dict()
    except ApiError as error:
        return {"status": error.code, "message": error.response_body["message"]}


def done(ask, *request):
    """Return what a call that must succeed answers."""
    answer = told(ask, *request)
    if "status" in answer:
        sys.exit(answer["message"])
    return answer


def person(api, name):
    """Create somebody, find them, sign them in."""
    org = done(api.organizations.add_organization, {"name": name})["organizationId"]
    # Not create_user: in this release of the client its password cannot be what the definition wants.
    user = {
        "organization": {"orgId": org},
        "username": name,
        "profile": {"givenName": "Ada", "familyName": "Lovelace"},
        "email": {"email": f"{name}@example.test", "isVerified": True},
        "password": {"password": PASSWORD},
    }
    user_id = done(api.users.add_human_user, user)["userId"]
    in_org = {"queries": [{"organizationIdQuery": {"organizationId": org}}]}
    wrong = {"user": {"userId": user_id}, "password": {"password": "Wrong-Horse-2"}}
    checks = {"user": {"loginName": name}, "password": {"password": PASSWORD}}
    session = done(api.sessions.create_session, {"checks": checks})
    id_and_token = {key: session[key] for key in ("sessionId", "sessionToken")}
    return {
        "org": org,
        "user_id": user_id,
        "user": told(api.users.get_user_by_id, {"userId": user_id})["user"],
        "listed": told(api.users.list_users, in_org),
        "again": told(api.users.add_human_user, user),
        "wrong password": told(api.sessions.create_session, {"checks": wrong}),
        "session": told(api.sessions.get_session, id_and_token)["session"],
    }


def robot(api, url, org, name):
    """Create a machine user with a secret and a role, and be it."""
    machine = {"organizationId": org, "username": name, "machine": {"name": name}}
    user_id = done(api.users.create_user, machine)["id"]
    secret = done(api.users.add_secret, {"userId": user_id})["clientSecret"]
    role = {"userId": user_id, "resource": {"organizationId": org}, "roles": ["ORG_OWNER"]}
    done(api.internal_permissions.create_administrator, role)
    itself = Zitadel.with_client_credentials(url, name, secret)
    return {
        "user_id": user_id,
        "seen": told(itself.users.list_users, {"query": {"limit": 10}}),
        "refused": told(itself.webkeys.list_web_keys),
    }


def services(api, org):
    """Call one method of each service."""
    project = told(api.projects.create_project, {"organizationId": org, "name": "Rockets"})[
        "projectId"
    ]
    return {
        "projects": told(api.projects.get_project, {"projectId": project}),
        "applications": told(api.applications.list_applications, {}),
        "authorizations": told(api.authorizations.list_authorizations, {}),
        "permissions": told(api.internal_permissions.list_administrators, {}),
        "organizations": told(api.organizations.list_organizations, {}),
        "instances": told(api.instances.get_instance, {}),
        "settings": told(api.settings.get_login_settings, {}),
        "features": told(api.features.get_instance_features, {"inheritance": True}),
        "idps": told(api.idps.get_idpby_id, {"id": "nobody"}),
        "oidc": told(api.oidc.get_auth_request, {"authRequestId": "V2_nobody"}),
        "saml": told(api.saml.get_saml_request, {"samlRequestId": "V2_nobody"}),
        "webkeys": told(api.webkeys.list_web_keys),
        "actions": told(api.actions.list_targets, {}),
    }


def main(url, key_file, name):
    """Print what was answered."""
    api = Zitadel.with_private_key(url, key_file)
    somebody = person(api, name)
    all_ = {**somebody, "robot": robot(api, url, somebody["org"], f"{name}-robot")}
    print(json.dumps({**all_, "services": services(api, somebody["org"])}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
