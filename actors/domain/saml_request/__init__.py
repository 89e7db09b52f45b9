"""SAML requests: a service provider asked who somebody is (SAML Core, 3.4)."""
