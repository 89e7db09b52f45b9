import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.facts import ProjectFacts
from personae.actors.domain.project.values import (
    APP_NAMES,
    PROJECT_NAMES,
    APIAuthMethod,
    ApplicationType,
    AuthMethod,
)

from tests.domain.language import NOW, given, state_of

ADDED = e.ProjectAdded(name="Shop")
APP = e.ApplicationAdded(app_id="40", name="Web")
OIDC = e.OIDCConfigAdded(app_id="40", client_id="50", redirect_uris=("https://x.test/cb",))
API = e.APIConfigAdded(app_id="40", client_id="50")
FACTS = ProjectFacts(now=NOW, org_id="10")


def change(**more):
    return c.ChangeProject(project_id="30", **more)


def of_app(**more):
    return c.ChangeApp(project_id="30", app_id="40", **more)


def test_a_new_name_moves_the_claim():
    given(ADDED).when(change(name=" Store ", role_check=True, role_assertion=False), FACTS).then(
        Release(PROJECT_NAMES, "shop:10"),
        Claim(PROJECT_NAMES, "store:10", refusals.NAME_TAKEN),
        e.ProjectChanged(name="Store", project_role_check=True),
    )


def test_what_stays_the_same_is_no_change():
    given(ADDED).when(change(name="Shop", project_check=False), FACTS).then_nothing()
    given(ADDED).when(change(role_check=True), FACTS).then(
        e.ProjectChanged(project_role_check=True)
    )
    given(ADDED).when(change(name="  "), FACTS).refuses(refusals.NAME_INVALID)
    given().when(change(name="x"), FACTS).refuses(refusals.NOT_FOUND)


def test_an_application_is_renamed():
    given(ADDED, APP, API).when(of_app(name=" App ")).then(
        Release(APP_NAMES, "web:30"),
        Claim(APP_NAMES, "app:30", refusals.APP_NAME_TAKEN),
        e.ApplicationChanged(app_id="40", name="App"),
    )
    given(ADDED, APP, API).when(of_app(name="Web")).then_nothing()
    given(ADDED, APP, API).when(of_app(name="  ")).refuses(refusals.NAME_INVALID)


def test_a_client_changes_what_is_given():
    changes = c.OIDCChanges(
        redirect_uris=("https://y.test/cb",), auth_method_type=AuthMethod.BASIC, clock_skew=5
    )
    changed = e.OIDCConfigChanged(app_id="40", redirect_uris=("https://y.test/cb",), clock_skew=5)
    given(ADDED, APP, OIDC).when(of_app(oidc=changes)).then(changed)
    given(ADDED, APP, OIDC, changed).when(of_app(oidc=changes)).then_nothing()
    oidc = state_of("project", ADDED, APP, OIDC, changed).apps["40"].oidc
    assert (oidc.redirect_uris, oidc.client_id) == (("https://y.test/cb",), "50")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ("http://x.test/cb",)},
        {"post_logout_redirect_uris": ("javascript:alert(1)",)},
    ],
)
def test_a_change_sends_nobody_where_nobody_should_go(changes):
    order = of_app(oidc=c.OIDCChanges(**changes))
    given(ADDED, APP, OIDC).when(order).refuses(refusals.REDIRECT_INVALID)


def test_redirects_that_another_type_may_not_have_keep_the_type():
    native = e.OIDCConfigAdded(
        app_id="40",
        client_id="50",
        redirect_uris=("com.x.app:/cb",),
        application_type=ApplicationType.NATIVE,
    )
    order = of_app(oidc=c.OIDCChanges(application_type=ApplicationType.WEB))
    given(ADDED, APP, native).when(order).refuses(refusals.REDIRECT_INVALID)


def test_an_api_changes_how_it_proves_itself():
    changed = e.APIConfigChanged(app_id="40", auth_method_type=APIAuthMethod.PRIVATE_KEY_JWT)
    order = of_app(api=APIAuthMethod.PRIVATE_KEY_JWT)
    given(ADDED, APP, API).when(order).then(changed)
    given(ADDED, APP, API, changed).when(order).then_nothing()


def test_an_application_keeps_its_type():
    given(ADDED, APP, API).when(of_app(oidc=c.OIDCChanges())).refuses(refusals.OTHER_TYPE)
    given(ADDED, APP, OIDC).when(of_app(api=APIAuthMethod.BASIC)).refuses(refusals.OTHER_TYPE)


def test_a_key_is_removed_from_the_application_that_has_it():
    key = e.ApplicationKeyAdded(app_id="40", key_id="k", public_key=b"pem")
    order = c.RemoveAppKey(project_id="30", app_id="40", key_id="k")
    given(ADDED, APP, API, key).when(order).then(e.ApplicationKeyRemoved(key_id="k"))
    given(ADDED, APP, API).when(order).refuses(refusals.KEY_NOT_FOUND)
    given(ADDED).when(order).refuses(refusals.APP_NOT_FOUND)
