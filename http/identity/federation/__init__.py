"""Signing in at identity providers of others: by OpenID Connect, OAuth, JWT or LDAP."""
