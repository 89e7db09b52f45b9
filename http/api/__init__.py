"""The API's functions, bound to the methods of the definition; one module per service and side."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every module here, so that all methods are bound."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
