"""Authorization requests: a client asked for somebody's consent (RFC 6749, 4.1)."""
