"""Where the endpoints are; service providers find them in the metadata."""

METADATA = "/saml/v2/metadata"
CERTIFICATE = "/saml/v2/certificate"
SSO = "/saml/v2/SSO"
SLO = "/saml/v2/SLO"
CALLBACK = "/saml/v2/login"

# Pages of the sign-in door, which this one only sends browsers to.
LOGIN_PAGE = "/ui/login/login"
