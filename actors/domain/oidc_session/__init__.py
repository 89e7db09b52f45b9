"""OIDC sessions: the tokens one client holds for one user, as one family."""
