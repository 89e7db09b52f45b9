"""What profiles of OAuth know of an application."""

import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.oauth import (
    RESOURCES,
    CertificateMethod,
    CertificateSubject,
    OAuthChanges,
    SubjectKind,
    is_resource,
)
from personae.actors.domain.project.redirects import origin

from tests.domain.test_project_changes import ADDED, API, APP, FACTS, OIDC, given

PRINT = "A" * 43
SUBJECT = CertificateSubject(SubjectKind.DNS, "client.example")


def setting(**changes):
    return c.SetOAuthSettings(project_id="30", app_id="40", changes=OAuthChanges(**changes))


def changed(**changes):
    return e.OAuthSettingsChanged(app_id="40", **changes)


def test_only_what_changes_is_recorded():
    given(ADDED, APP, API).when(setting(fapi=True, dpop_bound=False)).then(changed(fapi=True))
    given(ADDED, APP, API, changed(fapi=True)).when(setting(fapi=True)).then_nothing()
    given(ADDED).when(setting(fapi=True)).refuses(refusals.APP_NOT_FOUND)


def test_a_resource_belongs_to_one_application():
    two, one = ("https://b.example", "urn:x:a"), ("urn:x:a",)
    given(ADDED, APP, API).when(setting(resources=two)).then(
        Claim(RESOURCES, "https://b.example", refusals.RESOURCE_TAKEN),
        Claim(RESOURCES, "urn:x:a", refusals.RESOURCE_TAKEN),
        changed(resources=two),
    )
    given(ADDED, APP, API, changed(resources=two)).when(setting(resources=one)).then(
        Release(RESOURCES, "https://b.example"), changed(resources=one)
    )
    given(ADDED, APP, API, changed(resources=two)).when(setting(resources=())).includes(
        Release(RESOURCES, "urn:x:a"), changed(resources=())
    )


@pytest.mark.parametrize(
    "uri", ["", "/path", "api", "https://a#b", "https://a b", "https://[", "x:"]
)
def test_a_resource_is_an_absolute_uri_without_fragment(uri):
    assert not is_resource(uri)
    given(ADDED, APP, API).when(setting(resources=(uri,))).refuses(refusals.RESOURCE_INVALID)


def test_resources_are_different_and_few():
    twice, many = ("urn:x:a",) * 2, tuple(f"urn:x:{n}" for n in range(51))
    for uris in (twice, many):
        given(ADDED, APP, API).when(setting(resources=uris)).refuses(refusals.RESOURCE_INVALID)


def test_a_certificate_needs_something_to_be_compared_with():
    ca, own = CertificateMethod.CA, CertificateMethod.SELF_SIGNED
    for method in (ca, own):
        order = setting(certificate_method=method)
        given(ADDED, APP, API).when(order).refuses(refusals.CERTIFICATE_MISSING)
    of_ca = {"certificate_method": ca, "certificate_subject": SUBJECT}
    given(ADDED, APP, API).when(setting(**of_ca)).then(changed(**of_ca))
    of_own = {"certificate_method": own, "certificates": (PRINT,)}
    given(ADDED, APP, API).when(setting(**of_own)).then(changed(**of_own))
    bad = setting(certificates=("short",))
    given(ADDED, APP, API).when(bad).refuses(refusals.CERTIFICATE_INVALID)


def test_a_removed_application_gives_its_resources_back():
    history, freed = (
        (ADDED, APP, API, changed(resources=("urn:x:a",))),
        Release(RESOURCES, "urn:x:a"),
    )
    given(*history).when(c.RemoveApp(project_id="30", app_id="40")).includes(freed)
    given(*history).when(c.RemoveProject(project_id="30"), FACTS).includes(freed)


@pytest.mark.parametrize(
    "uri", ["https://x.test/bye?a=1", "https://x.test:443/bye", "https://X.test", ""]
)
def test_a_logout_is_told_at_an_origin_of_the_client(uri):
    order = setting(front_channel_logout_uri=uri)
    history = (ADDED, APP, OIDC, changed(front_channel_logout_uri="https://x.test/old"))
    given(*history).when(order).then(changed(front_channel_logout_uri=uri))


@pytest.mark.parametrize(
    "uri",
    ["https://y.test/bye", "https://x.test:444/", "http://x.test/", "https://x.test/#a", "x", "a:b",
     "https://[::1]/", "javascript:x"],
)  # fmt: skip
def test_nowhere_else(uri):
    order = setting(front_channel_logout_uri=uri)
    given(ADDED, APP, OIDC).when(order).refuses(refusals.LOGOUT_URI_INVALID)
    given(ADDED, APP, API).when(order).refuses(refusals.LOGOUT_URI_INVALID)


def test_an_origin_is_scheme_host_and_port():
    same = {"https://x.test", "https://x.test:443/a?b", "HTTPS://X.TEST/"}
    assert {origin(uri) for uri in same} == {"https://x.test"}
    assert origin("http://[::1]:8080/") == "http://[::1]:8080"
    assert {origin(uri) for uri in ("app:/cb", "//x", "https://", "https://a b")} == {""}
