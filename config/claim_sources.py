"""Claims of others: the async functions that installed packages give as entry points."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points

from personae.actors.runtime import described
from personae.config.errors import StartError
from personae.http.oidc.custom_claims import Source

GROUP = "personae.claims"


def claim_sources() -> tuple[Source, ...]:
    """Return the sources of claims that are installed, in the order of their names.

    Raises ``StartError`` for one that cannot be loaded: without it, tokens would lack what whoever
    reads them counts on.
    """
    return tuple(_loaded(each) for each in sorted(entry_points(group=GROUP), key=_name))


def _name(point: EntryPoint) -> str:
    return point.name


def _loaded(point: EntryPoint) -> Source:
    about = f"{GROUP}: {point.name} = {point.value}"
    try:
        source: Source = point.load()
    except Exception as error:  # whatever an import of others may raise
        raise StartError(f"{about} cannot be loaded: {described(error)}") from error
    if not inspect.iscoroutinefunction(source):
        raise StartError(f"{about} is no async function")
    return source
