"""Targets: endpoints of others that are called when something happens."""
