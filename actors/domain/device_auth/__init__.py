"""Device authorizations: somebody signs a device in with another one (RFC 8628)."""
