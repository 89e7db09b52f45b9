"""One call of one method, whatever wire it came by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.kit import Caller
from personae.http.wire.methods import Method
from personae.http.wire.render import Rendered
from personae.http.wire.services import Services


@dataclass(slots=True)
class Call:
    """What a bound function knows besides its request; ``target`` is HTTP method and path.

    ``headers`` are read case-insensitively (gRPC: the metadata). ``host`` is the one asked for,
    ``client_ip`` where from, ``request_id`` what the logs call it: all as the server room says.
    ``seconds`` is how long the answer may take. ``json``: whether it will be JSON. ``caller`` is
    anonymous until authenticated.
    """

    method: Method
    services: Services
    headers: Mapping[str, str] = field(repr=False)
    host: str
    seconds: float
    client_ip: str = ""
    request_id: str = ""
    language: str = "en"
    target: tuple[str, str] = ("POST", "")
    json: bool = False
    caller: Caller = field(default_factory=lambda: Caller(instance_id=""))

    async def send(self, command: object) -> Any:
        """Have a command decided in the caller's name. Raises ``Refusal``."""
        return await self.services.send(command, self.caller)

    def reply(self, **fields: Any) -> Message:
        """Build the method's answer.

        Takes dicts for messages, lists for repeated fields, datetimes (UTC when naive) and
        timedeltas for their protobuf kin, enums by name or number; ``None`` leaves a field out.
        Raises ``TypeError`` for an unknown field.
        """
        try:
            return self.method.reply(**fields)
        except ValueError as error:
            raise TypeError(str(error)) from error

    def listing(self, **fields: Any) -> Any:
        """Build the answer of a list: as :meth:`reply`, but JSON is made without a message.

        So nobody but the wire may look into it.
        """
        return Rendered(self.method.reply, fields) if self.json else self.reply(**fields)
