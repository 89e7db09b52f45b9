"""What events make of the rows of projects and applications."""

import pytest
from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.project import values as v
from personae.projections.apps import APPS, Type
from personae.projections.project_roles import PROJECT_ROLES
from personae.projections.projects import PROJECTS

from tests.projections.folding import INSTANCE, ORG, folded

ADDED = e.ProjectAdded(name="Shop", project_role_check=True)
APP = [
    e.ApplicationAdded(app_id="a1", name="Web"),
    e.OIDCConfigAdded(
        app_id="a1",
        client_id="c1",
        hashed_secret="$secret",
        redirect_uris=("https://a.example",),
        grant_types=(v.GrantType.REFRESH_TOKEN,),
        auth_method_type=v.AuthMethod.POST,
    ),
]


def project(*events):
    return folded(PROJECTS, *(("project", "p1", event) for event in (ADDED, *events))).get("p1")


def app(*events):
    history = (ADDED, *APP, *events)
    return folded(APPS, *(("project", "p1", event) for event in history)).get(("p1", "a1"))


def test_a_project_is_kept_as_created_and_changed():
    row = project(e.ProjectChanged(name="Store", has_project_check=True))
    assert (row.name, row.role_check, row.project_check) == ("Store", True, True)
    assert (row.state, row.role_assertion) == (v.Status.ACTIVE, False)


def test_a_project_is_paused():
    assert project(e.ProjectDeactivated()).state == v.Status.INACTIVE
    assert project(e.ProjectDeactivated(), e.ProjectReactivated()).state == v.Status.ACTIVE


def test_a_client_is_kept_without_its_secret():
    row = app()
    assert (row.name, row.type, row.client_id) == ("Web", Type.OIDC, "c1")
    assert row.config["redirect_uris"] == ["https://a.example"]
    assert (row.config["grant_types"], row.config["auth_method_type"]) == ([2], 1)
    assert "$secret" not in str(row)


def test_an_api_is_kept():
    history = [
        ("project", "p1", e.ApplicationAdded(app_id="a2", name="Api")),
        ("project", "p1", e.APIConfigAdded(app_id="a2", client_id="c2")),
    ]
    row = folded(APPS, *history)["p1", "a2"]
    assert (row.type, row.config) == (Type.API, {"auth_method_type": 0})


def test_an_application_is_renamed_paused_and_changed():
    assert app(e.ApplicationChanged(app_id="a1", name="New")).name == "New"
    assert app(e.ApplicationDeactivated(app_id="a1")).state == v.Status.INACTIVE
    back = (e.ApplicationDeactivated(app_id="a1"), e.ApplicationReactivated(app_id="a1"))
    assert app(*back).state == v.Status.ACTIVE
    assert app(e.OIDCSecretChanged(app_id="a1")).sequence == 4


@pytest.mark.parametrize(
    "end",
    [("project", "p1", e.ProjectRemoved()), ("org", ORG, OrgRemoved()),
     ("instance", INSTANCE, InstanceRemoved())],
)  # fmt: skip
def test_projects_and_applications_end_with_what_they_belong_to(end):
    history = [("project", "p1", event) for event in (ADDED, *APP)]
    assert folded(PROJECTS, *history, end) == folded(APPS, *history, end) == {}
    assert app(e.ApplicationRemoved(app_id="a1")) is None


def test_roles_are_kept_until_they_or_their_project_are_removed():
    history = [
        ("project", "p1", e.RoleAdded(key="a", display_name="A", group="g")),
        ("project", "p1", e.RoleAdded(key="b")),
        ("project", "p1", e.RoleChanged(key="a", display_name="New")),
        ("project", "p1", e.RoleRemoved(key="b")),
    ]
    [row] = folded(PROJECT_ROLES, *history).values()
    assert (row.key, row.display_name, row.group) == ("a", "New", "g")
    assert folded(PROJECT_ROLES, *history, ("project", "p1", e.ProjectRemoved())) == {}
