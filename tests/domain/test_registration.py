"""Clients that register themselves."""

from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.facts import ClientFacts
from personae.actors.domain.project.oauth import ClientKey, OAuthChanges

from tests.domain.language import NOW, given, state_of
from tests.domain.test_project_changes import ADDED, APP, OIDC

FACTS = ClientFacts(now=NOW)
HELD = e.OAuthSettingsChanged(app_id="40", registration="t1")


def update(presented="t1", **settings):
    return c.UpdateRegistration(
        project_id="30",
        change=c.ChangeApp(project_id="30", app_id="40"),
        settings=OAuthChanges(**settings),
        presented=presented,
    )


def test_a_client_comes_with_its_settings():
    app = c.AddOIDCApp(
        project_id="30", app_id="40", client_id="50", name="Web", client=c.NewOIDCClient()
    )
    order = c.RegisterClient(
        project_id="30", app=app, settings=OAuthChanges(registration="t1", dpop_bound=False)
    )
    given(ADDED).when(order, FACTS).includes(e.ApplicationAdded(app_id="40", name="Web"), HELD)


def test_the_newest_token_counts():
    story = (ADDED, APP, OIDC, HELD)
    replaced = e.OAuthSettingsChanged(app_id="40", registration="t2")
    given(*story).when(update(registration="t2"), FACTS).then(replaced)
    given(*story, replaced).when(update(registration="t3"), FACTS).refuses(
        refusals.REGISTRATION_INVALID
    )
    given(ADDED, APP, OIDC).when(update(""), FACTS).refuses(refusals.REGISTRATION_INVALID)


def test_a_secret_that_had_to_be_made_is_kept():
    facts = ClientFacts(now=NOW, hashed_secret="$hash$")
    made = e.OIDCSecretChanged(app_id="40", hashed_secret="$hash$")
    given(ADDED, APP, OIDC, HELD).when(update(), facts).then(made)


def test_keys_of_both_origins_count():
    added = e.ApplicationKeyAdded(app_id="40", key_id="k", public_key=b"ours")
    own = e.OAuthSettingsChanged(
        app_id="40", keys=(ClientKey("k", "theirs"), ClientKey("own", "theirs"))
    )
    app = state_of("project", ADDED, APP, OIDC, added, own).apps["40"]
    assert {id_: key.public_key for id_, key in app.client_keys.items()} == {
        "k": b"ours",
        "own": b"theirs",
    }
