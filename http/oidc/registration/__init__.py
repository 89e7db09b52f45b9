"""Clients that register themselves (RFC 7591) and manage that (RFC 7592); off by default."""
