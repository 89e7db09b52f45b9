"""Where the endpoints are. Clients find them by discovery; the numbers and names are fixed."""

DISCOVERY = "/.well-known/openid-configuration"
METADATA = "/.well-known/oauth-authorization-server"
AUTHORIZE = "/oauth/v2/authorize"
CALLBACK = "/oauth/v2/authorize/callback"
PUSH = "/oauth/v2/par"
DEVICE = "/oauth/v2/device_authorization"
TOKEN = "/oauth/v2/token"  # noqa: S105 — a path, not a secret
INTROSPECT = "/oauth/v2/introspect"
REVOKE = "/oauth/v2/revoke"
KEYS = "/oauth/v2/keys"
REGISTER = "/oauth/v2/register"
REGISTRATION = "/oauth/v2/register/{client_id}"
USERINFO = "/oidc/v1/userinfo"
END_SESSION = "/oidc/v1/end_session"
CHECK_SESSION = "/oidc/v1/check_session"
SESSION_ENDED = "/oidc/v1/end_session/done"

# Pages of the sign-in door, which this one only sends browsers to.
LOGIN_PAGE = "/ui/login/login"
DEVICE_PAGE = "/ui/login/device"
LOGOUT_PAGE = "/ui/login/logout"
