"""The pure domain: commands, events, states, decisions. No clock, no ids, no IO."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every module of the domain, so that the registries of the kit are complete."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
