"""Which clients must hear that a session ended (OpenID Connect Back-Channel Logout 1.0)."""
