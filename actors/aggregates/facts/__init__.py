"""How the facts of commands are gathered: one module per aggregate."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every module here, so that all gatherers are registered."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
