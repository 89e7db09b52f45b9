import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.facts import AppKeyFacts, ClientFacts, ProjectFacts
from personae.actors.domain.project.values import (
    APP_NAMES,
    CLIENT_IDS,
    PROJECT_NAMES,
    ROLE_KEYS,
    ApplicationType,
    PrivateLabeling,
)

from tests.domain.language import LATER, NOW, given, state_of

ADDED = e.ProjectAdded(name="Shop")
ROLE = e.RoleAdded(key="buyer", display_name="Buyer")
APP = e.ApplicationAdded(app_id="40", name="Web")
OIDC = e.OIDCConfigAdded(app_id="40", client_id="50", redirect_uris=("https://x.test/cb",))
API = e.APIConfigAdded(app_id="40", client_id="50")
OF_ORG = ProjectFacts(now=NOW, org_id="10")
NO_SECRET = ClientFacts(now=NOW)
SECRET = ClientFacts(now=NOW, hashed_secret="$s$")
PEM = AppKeyFacts(now=NOW, public_key=b"pem")


def add_oidc(**client):
    client = c.NewOIDCClient(**{"redirect_uris": ("https://x.test/cb",)} | client)
    return c.AddOIDCApp(project_id="30", app_id="40", client_id="50", name=" Web ", client=client)


def add_api(name="Web"):
    return c.AddAPIApp(project_id="30", app_id="40", client_id="50", name=name)


def of_app(order, **more):
    return order(project_id="30", app_id="40", **more)


def test_a_project_claims_its_name_in_its_organisation():
    order = c.AddProject(project_id="30", org_id="10", name=" Shop ", role_check=True)
    given().when(order, OF_ORG).then(
        Claim(PROJECT_NAMES, "shop:10", refusals.NAME_TAKEN),
        e.ProjectAdded(name="Shop", project_role_check=True),
    )


def test_a_project_has_a_name():
    order = c.AddProject(project_id="30", org_id="10", name=" ")
    given().when(order, OF_ORG).refuses(refusals.NAME_INVALID)


@pytest.mark.parametrize("history", [[ADDED], [ADDED, e.ProjectRemoved()]])
def test_an_id_is_never_used_twice(history):
    order = c.AddProject(project_id="30", org_id="10", name="x")
    given(*history).when(order, OF_ORG).refuses(refusals.ALREADY_EXISTS)


def test_removing_gives_back_every_name_the_project_had():
    given(ADDED, ROLE, APP, OIDC).when(c.RemoveProject(project_id="30"), OF_ORG).then(
        Release(PROJECT_NAMES, "shop:10"),
        Release(CLIENT_IDS, "50"),
        Release(APP_NAMES, "web:30"),
        Release(ROLE_KEYS, "buyer:30"),
        e.ProjectRemoved(name="Shop"),
    )


def test_a_project_rests_and_comes_back():
    off, on = e.ProjectDeactivated(), e.ProjectReactivated()
    stop, start = c.DeactivateProject(project_id="30"), c.ReactivateProject(project_id="30")
    given(ADDED).when(stop).then(off)
    given(ADDED, off).when(stop).refuses(refusals.ALREADY_INACTIVE)
    given(ADDED, off).when(start).then(on)
    given(ADDED, off, on).when(start).refuses(refusals.ALREADY_ACTIVE)
    assert not state_of("project", ADDED, off).active


def test_a_role_claims_its_key_in_the_project():
    order = c.AddRole(project_id="30", key=" buyer ", display_name="Buyer")
    given(ADDED).when(order).then(Claim(ROLE_KEYS, "buyer:30", refusals.ROLE_TAKEN), ROLE)
    blank = c.AddRole(project_id="30", key=" ")
    given(ADDED).when(blank).refuses(refusals.ROLE_INVALID)


def test_a_client_claims_its_name_and_its_id():
    given(ADDED).when(add_oidc(), SECRET).then(
        Claim(APP_NAMES, "web:30", refusals.APP_NAME_TAKEN),
        Claim(CLIENT_IDS, "50", refusals.CLIENT_ID_TAKEN),
        APP,
        e.OIDCConfigAdded(
            app_id="40", client_id="50", hashed_secret="$s$", redirect_uris=("https://x.test/cb",)
        ),
    )


@pytest.mark.parametrize("field", ["redirect_uris", "post_logout_redirect_uris"])
def test_a_client_sends_nobody_where_nobody_should_go(field):
    order = add_oidc(**{field: ("javascript:alert(1)",)}, application_type=ApplicationType.NATIVE)
    given(ADDED).when(order, NO_SECRET).refuses(refusals.REDIRECT_INVALID)


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("https://x.test/bye?keep=1", True), ("http://rp.internal:8080/bye", True), ("", True),
        ("https://x.test/bye#x", False), ("/bye", False), ("x.test/bye", False),
        ("https:///bye", False), ("com.example:/bye", False), ("https://a@x.test/", False),
    ],
)  # fmt: skip
def test_a_client_is_told_of_logouts_at_a_web_address_without_fragment(uri, right):
    """Back-Channel Logout 1.0, 2.2."""
    story = given(ADDED).when(add_oidc(back_channel_logout_uri=uri), NO_SECRET)
    if right:
        assert story.decisions
    else:
        story.refuses(refusals.BACK_CHANNEL_INVALID)


def test_an_api_claims_its_name_and_its_id():
    given(ADDED).when(add_api(), NO_SECRET).includes(APP, API)


def test_an_application_has_a_name_and_its_own_id():
    given(ADDED).when(add_api(name=" "), NO_SECRET).refuses(refusals.NAME_INVALID)
    given(ADDED, APP).when(add_api(), NO_SECRET).refuses(refusals.APP_EXISTS)


def test_a_project_at_rest_gets_no_applications():
    given(ADDED, e.ProjectDeactivated()).when(add_api(), SECRET).refuses(refusals.NOT_ACTIVE)


def test_a_secret_is_replaced_in_the_configuration_it_belongs_to():
    order = of_app(c.SetClientSecret)
    oidc = e.OIDCSecretChanged(app_id="40", hashed_secret="$s$")
    api = e.APISecretChanged(app_id="40", hashed_secret="$s$")
    given(ADDED, APP, OIDC).when(order, SECRET).then(oidc)
    given(ADDED, APP, API).when(order, SECRET).then(api)
    assert state_of("project", ADDED, APP, OIDC, oidc).apps["40"].oidc.hashed_secret == "$s$"
    assert state_of("project", ADDED, APP, API, api).apps["40"].api.hashed_secret == "$s$"


def test_who_signs_assertions_has_no_secret():
    given(ADDED, APP, OIDC).when(of_app(c.SetClientSecret), NO_SECRET).refuses(refusals.NO_SECRET)


def test_a_key_comes_and_goes():
    order = of_app(c.AddAppKey, key_id="k", expires=LATER)
    key = e.ApplicationKeyAdded(
        app_id="40", key_id="k", client_id="50", expiration_date=LATER, public_key=b"pem"
    )
    given(ADDED, APP, API).when(order, PEM).then(key)
    assert state_of("project", ADDED, APP, API, key).apps["40"].keys["k"].expires == LATER
    gone = e.ApplicationKeyRemoved(key_id="k")
    other = e.ApplicationAdded(app_id="41", name="Other")
    assert state_of("project", ADDED, other, APP, API, key, gone, gone).apps["40"].keys == {}


def test_a_key_that_cannot_be_used_is_refused():
    nothing = AppKeyFacts(now=NOW, public_key=b"")
    order = of_app(c.AddAppKey, key_id="k")
    given(ADDED, APP, API).when(order, nothing).refuses(refusals.KEY_INVALID)


def test_a_key_is_not_born_dead():
    order = of_app(c.AddAppKey, key_id="k", expires=NOW)
    given(ADDED, APP, API).when(order, PEM).refuses(refusals.EXPIRY_PAST)


def test_removing_an_application_gives_back_its_name_and_id():
    given(ADDED, APP, OIDC).when(of_app(c.RemoveApp)).then(
        Release(APP_NAMES, "web:30"), Release(CLIENT_IDS, "50"), e.ApplicationRemoved(app_id="40")
    )
    project = state_of("project", ADDED, APP, OIDC, e.ApplicationRemoved(app_id="40"))
    assert (project.apps, project.clients) == ({}, {})


def test_an_application_without_configuration_can_be_removed():
    """Of a history made elsewhere: one that speaks SAML."""
    given(ADDED, APP).when(of_app(c.RemoveApp)).then(
        Release(APP_NAMES, "web:30"), e.ApplicationRemoved(app_id="40")
    )


def test_an_application_rests_and_comes_back():
    off, on = e.ApplicationDeactivated(app_id="40"), e.ApplicationReactivated(app_id="40")
    stop, start = of_app(c.DeactivateApp), of_app(c.ReactivateApp)
    given(ADDED, APP).when(stop).then(off)
    given(ADDED, APP, off).when(stop).refuses(refusals.ALREADY_INACTIVE)
    given(ADDED, APP, off).when(start).then(on)
    given(ADDED, APP, off, on).when(start).refuses(refusals.ALREADY_ACTIVE)


@pytest.mark.parametrize(
    "order",
    [
        of_app(c.SetClientSecret),
        of_app(c.AddAppKey, key_id="k"),
        of_app(c.RemoveApp),
        of_app(c.DeactivateApp),
        of_app(c.ReactivateApp),
    ],
)
def test_an_application_that_is_not_there_takes_no_orders(order):
    given(ADDED).when(order, SECRET).refuses(refusals.APP_NOT_FOUND)
    given().when(order, SECRET).refuses(refusals.NOT_FOUND)


@pytest.mark.parametrize("history", [[], [ADDED, e.ProjectRemoved()]])
@pytest.mark.parametrize(
    "order",
    [
        c.RemoveProject(project_id="30"),
        c.DeactivateProject(project_id="30"),
        c.ReactivateProject(project_id="30"),
        c.AddRole(project_id="30", key="x"),
        add_oidc(),
        add_api(),
    ],
)
def test_what_is_not_there_takes_no_orders(order, history):
    given(*history).when(order, NO_SECRET).refuses(refusals.NOT_FOUND)


def test_state_after_what_only_histories_hold():
    project = state_of(
        "project",
        ADDED,
        e.ProjectChanged(name="New", private_labeling_setting=PrivateLabeling.ENFORCE_OWNER),
        ROLE,
        e.RoleChanged(key="buyer", group="g"),
        e.RoleChanged(key="new", display_name="New"),
        e.ProjectMemberAdded(user_id="20", roles=("PROJECT_OWNER",)),
        e.ProjectMemberAdded(user_id="21", roles=("PROJECT_OWNER",)),
        e.ProjectMemberRemoved(user_id="21"),
        APP,
        e.ApplicationChanged(app_id="40", name="Renamed"),
    )
    assert (project.name, project.private_labeling) == ("New", PrivateLabeling.ENFORCE_OWNER)
    buyer, new = project.roles["buyer"], project.roles["new"]
    assert (buyer.display_name, buyer.group, new.display_name) == ("Buyer", "g", "New")
    assert (set(project.members), project.apps["40"].name) == ({"20"}, "Renamed")
    assert state_of("project", ADDED, ROLE, e.RoleRemoved(key="buyer")).roles == {}
