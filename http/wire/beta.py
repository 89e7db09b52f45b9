"""The older ``v2beta`` packages, which published clients still call: one table, no copies.

Where such a package has the messages and numbers of its v2 successor, its definition is derived
from that one's text when the descriptor set is built: package, paths of routes, and what stands
below. It may therefore know a few fields more than the original. The others have a definition of
their own in ``http/proto`` and a translation in :mod:`beta_fields`. Every call is answered by the
v2 function.
"""

from __future__ import annotations

import re

ALIKE = ("action", "feature", "object", "oidc", "session", "settings", "user", "webkey")
"""``zitadel.{one of these}.v2beta`` is ``zitadel.{it}.v2``, but for the two tables below."""

WITHOUT = {
    "action": "AddPublicKey ActivatePublicKey DeactivatePublicKey RemovePublicKey ListPublicKeys",
    "oidc": "GetDeviceAuthorizationRequest AuthorizeOrDenyDeviceAuthorization",
    "settings": "GetHostedLoginTranslation SetHostedLoginTranslation",
    "user": "CreateUser SendEmailCode UpdateUser ListPasskeys RemovePasskey RemoveU2F"
    " GenerateRecoveryCodes RemoveRecoveryCodes ListIDPLinks RemoveIDPLink AddSecret RemoveSecret"
    " AddKey RemoveKey ListKeys AddPersonalAccessToken RemovePersonalAccessToken"
    " ListPersonalAccessTokens ListAuthenticationFactors CreateInviteCode ResendInviteCode"
    " VerifyInviteCode HumanMFAInitSkipped SetUserMetadata ListUserMetadata DeleteUserMetadata",
}
"""Methods that only v2 has."""

NAMED = {
    "zitadel.org.v2.OrganizationService/AddOrganization": (
        "zitadel.org.v2beta.OrganizationService/CreateOrganization"
    ),
    "zitadel.application.v2.ApplicationService/GenerateClientSecret": (
        "zitadel.app.v2beta.AppService/RegenerateClientSecret"
    ),
}
"""Methods that had another name, beside their package."""
RENAMED = {"zitadel.application.v2.ApplicationService/": "zitadel.app.v2beta.AppService/"}
"""Services that had another name."""

_ID_RULE = " [(validate.rules).string = {min_len: 1 max_len: 200}]"
_ANY_LENGTH = "(validate.rules).string = {min_len: 0 max_len: 200}"
_VERIFIED = "bool is_verified = 4 [(validate.rules).bool = {const: true}]"
DIFFERENT = (
    ("action", "message CreateTargetRequest", "max_len: 2048", "max_len: 1000"),
    ("action", "message UpdateTargetRequest", "max_len: 2048", "max_len: 1000"),
    ("feature", "rpc GetSystemFeatures", '"authenticated"', '"system.feature.read"'),
    ("feature", "rpc GetInstanceFeatures", '"authenticated"', '"iam.feature.read"'),
    ("feature", "rpc ResetOrganizationFeatures", '"org.feature.delete"', '"org.feature.write"'),
    ("feature", "rpc GetOrganizationFeatures", '"authenticated"', '"org.feature.read"'),
    ("feature", "rpc ResetUserFeatures", '"user.feature.delete"', '"user.feature.write"'),
    ("feature", "rpc GetUserFeatures", '"authenticated"', '"user.feature.read"'),
    ("session", "message GetSessionRequest", _ID_RULE, ""),
    ("session", "optional string session_token = 2", _ID_RULE, ""),
    ("session", "message SetSessionRequest", "deprecated = true", _ANY_LENGTH),
    ("settings", "bool allow_username_password = 1", " [deprecated = true]", ""),
    ("user", "message SetHumanEmail", "bool is_verified = 4", _VERIFIED),
    ("user", "rpc AddHumanUser", "success_code: 200", "success_code: 201"),
    ("user", "rpc UpdateHumanUser", '/users/human/{user_id}" body: "*"', '/users/{user_id}"'),
    ("webkey", "rpc ActivateWebKey", ' body: "*"', ""),
)
"""Package, where to begin, what v2 says next, what v2beta says in its place."""

USES = {"action": ("filter",)}
"""What a package has from an older package that has a definition of its own."""


def derived(package: str, text: str) -> str:
    """Return the text of a v2 definition as that of its older package."""
    for method in WITHOUT.get(package, "").split():
        text = re.sub(rf"(  //[^\n]*\n)*  rpc {method}\(.*?\n  \}}\n\n?", "", text, flags=re.DOTALL)
    for name, begin, v2, v2beta in DIFFERENT:
        head, found, tail = text.partition(begin) if name == package else (text, "", "")
        text = head + found + tail.replace(v2, v2beta, 1)
    alike = "|".join(ALIKE + USES.get(package, ()))
    text = re.sub(rf"\bzitadel([./])({alike})\1v2\b", r"zitadel\1\2\1v2beta", text)
    return text.replace('"/v2/', '"/v2beta/')
