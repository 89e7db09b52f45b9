import pytest
from personae.actors.domain.project.compliance import problems
from personae.actors.domain.project.state import OIDCConfig
from personae.actors.domain.project.values import ApplicationType, AuthMethod, GrantType

CODE, IMPLICIT, REFRESH = (
    GrantType.AUTHORIZATION_CODE,
    GrantType.IMPLICIT,
    GrantType.REFRESH_TOKEN,
)
NATIVE, AGENT = ApplicationType.NATIVE, ApplicationType.USER_AGENT


def client(**changes):
    usual = {
        "client_id": "50",
        "redirect_uris": ("https://x.test/cb",),
        "grant_types": (CODE,),
    }
    return OIDCConfig(**usual | changes)


@pytest.mark.parametrize(
    "wise",
    [
        client(),
        client(grant_types=(CODE, REFRESH)),
        client(grant_types=(GrantType.DEVICE_CODE,), redirect_uris=()),
        client(redirect_uris=("http://localhost/cb",)),
        client(application_type=AGENT, auth_method_type=AuthMethod.NONE),
        client(
            application_type=NATIVE,
            auth_method_type=AuthMethod.NONE,
            redirect_uris=("com.example.app:/done", "http://127.0.0.1/cb"),
        ),
    ],
)
def test_a_wise_client_has_no_problems(wise):
    assert problems(wise) == []


@pytest.mark.parametrize(
    ("unwise", "names"),
    [
        (client(redirect_uris=()), ["NoRedirectUris"]),
        (client(grant_types=(REFRESH,)), ["GrantType.Refresh.NoAuthCode"]),
        (
            client(redirect_uris=("com.example.app:/done",)),
            ["Code.RedirectUris.CustomOnlyForNative"],
        ),
        (
            client(grant_types=(IMPLICIT,), redirect_uris=("http://localhost/cb",)),
            ["Implicit.RedirectUris.HttpNotAllowed"],
        ),
        (client(application_type=AGENT), ["UserAgent.AuthMethodType.NotNone"]),
        (
            client(application_type=NATIVE, redirect_uris=("http://x.test/cb",)),
            [
                "Code.RedirectUris.HttpOnlyForWeb",
                "Native.AuthMethodType.NotNone",
                "Native.RedirectUris.MustBeHttpLocalhost",
            ],
        ),
    ],
)
def test_every_unwise_choice_is_named(unwise, names):
    assert problems(unwise) == [f"Application.OIDC.V1.{name}" for name in names]
