"""Organisations: who owns users and projects."""
