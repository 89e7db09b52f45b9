"""User grants: which roles of a project a user has."""
