"""Which function answers which method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from personae.http.wire.beta_calls import answered_by, older
from personae.http.wire.call import Call
from personae.http.wire.methods import METHODS

Answer = Callable[[Any, Call], Awaitable[Any]]
F = TypeVar("F", bound=Answer)


class Registry:
    """Functions by the name of the method they answer."""

    def __init__(self) -> None:
        self._functions: dict[str, Answer] = {}

    def rpc(self, name: str) -> Callable[[F], F]:
        """Bind a function to ``package.Service/Method``, and to its older ``v2beta`` name.

        Raises ``LookupError`` at import for an unknown name, ``ValueError`` for a second binding.
        """
        if name not in METHODS:
            raise LookupError(f"no method {name} in http/proto")
        if name in self._functions:
            raise ValueError(f"{name} is bound twice")

        def bind(function: F) -> F:
            self._functions[name] = function
            if beta := older(name):
                self._functions[beta] = answered_by(function, METHODS[name], METHODS[beta])
            return function

        return bind

    def function(self, name: str) -> Answer | None:
        """Return the function bound to a method, if any."""
        return self._functions.get(name)

    def unbound(self) -> list[str]:
        """Return the names of the methods that nothing answers yet, sorted."""
        return sorted(METHODS.keys() - self._functions.keys())


DEFAULT = Registry()
"""The one that wiring serves."""
rpc = DEFAULT.rpc
