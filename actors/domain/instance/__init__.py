"""Instances: tenants, each with its own domains, policies, organisations and keys."""
