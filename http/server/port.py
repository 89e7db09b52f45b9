"""One listening port for every protocol, on one event loop.

A connection is looked at once, when its first bytes (or TLS's ALPN) tell the protocol, and is then
handed over for good: HTTP/2 to grpclib's protocol object, everything else to aiohttp's.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import Any, Protocol, cast

from aiohttp import web
from grpclib.const import Handler
from personae.http.server.files import room_for
from personae.http.server.http1 import Http1
from personae.http.server.http2 import Http2, dispatcher
from personae.http.server.metrics import Metrics
from personae.http.server.middleware import Request, Surroundings
from personae.http.server.origin import ORIGIN, Origin
from personae.http.server.proxies import Proxies
from personae.http.server.settings import ServerSettings

SEND_BUFFER = 128 * 1024
"""Bytes of answers that the system keeps for a client that does not read them. By itself it keeps
megabytes for each, and takes the time to copy them."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Guest(Protocol):
    """A connection in whatever state, as the port sees it."""

    def sweep(self, now: float) -> None:
        """Cut what has used up its time."""

    def drain(self, now: float) -> None:
        """Leave as soon as nothing is under way; asked again until it has."""

    def abort(self) -> None:
        """Leave now."""


class Port:
    """The connections of one listening socket and what they share."""

    def __init__(
        self,
        settings: ServerSettings,
        manager: web.Server,
        grpc: Mapping[str, Handler],
        metrics: Metrics,
        surroundings: Surroundings,
    ) -> None:
        self.settings = settings
        self.manager = manager
        self.grpc = dict(grpc)
        self.grpc_events = dispatcher()
        self.metrics = metrics
        self.surroundings = surroundings
        self.proxies = Proxies(settings.trusted_proxies, settings.client_certificate_header)
        self.loop = asyncio.get_running_loop()
        self.guests: dict[Guest, str] = {}
        self._by_ip: Counter[str] = Counter()
        self._room = room_for(settings.limits.connections)
        self._server: asyncio.Server | None = None
        self._tls: dict[str, Any] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self.number = 0
        self._leaving_since = 0.0
        manager.request_factory = self.request
        manager.request_handler = surroundings.around(manager.request_handler)  # type: ignore[assignment]

    async def listen(self) -> None:
        """Open the socket. Raises ``OSError`` when the address is taken."""
        settings = self.settings
        if settings.tls is not None:
            timeout = settings.limits.header_timeout
            self._tls = {"ssl": settings.tls, "ssl_handshake_timeout": timeout}
        self._server = await self.loop.create_server(
            lambda: Accepted(self),
            settings.host,
            settings.port,
            backlog=settings.backlog,
            reuse_port=settings.reuse_port or None,
            **self._tls,
        )
        for door in self._doors(self._server):
            with door:  # connections inherit it
                door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.number = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Close the listening socket; connections stay.

        Those that the system has taken for us, and we have not seen yet, are taken in first: the
        last holder of the socket that closes it cuts them off.
        """
        self._leaving_since = monotonic()
        if self._server is None:
            return
        doors = self._doors(self._server)
        self._server.close()
        await asyncio.sleep(0)  # the loop lets go of its own
        for door in doors:
            with door:
                self._take_in(door)
        if self._late:
            await asyncio.wait(self._late, timeout=self.settings.drain_grace)

    def _doors(self, server: asyncio.Server) -> list[socket.socket]:
        """Return the listening sockets as ours, too: the loop shows its own only in part."""
        return [socket.socket(fileno=os.dup(door.fileno())) for door in server.sockets]

    def _take_in(self, door: socket.socket) -> None:
        door.setblocking(False)
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            taken = self.loop.connect_accepted_socket(
                lambda: Accepted(self), connection, **self._tls
            )
            self._late.add(self.loop.create_task(taken))

    def admit(self, guest: Guest, ip: str) -> bool:
        """Count a connection in, unless there are too many."""
        limits = self.settings.limits
        if len(self.guests) >= self._room:
            return False
        if self._by_ip[ip] >= limits.connections_per_ip and not self.proxies.networks.holds(ip):
            return False
        self.guests[guest] = ip
        self._by_ip[ip] += 1
        return True

    def hand_over(self, guest: Guest, successor: Guest) -> None:
        """Let one guest take another's place."""
        self.guests[successor] = self.guests.pop(guest)

    def forget(self, guest: Guest) -> None:
        """Count a connection out."""
        ip = self.guests.pop(guest, None)
        if ip is not None:
            self._by_ip[ip] -= 1
            if not self._by_ip[ip]:
                del self._by_ip[ip]

    def sweep(self, now: float) -> None:
        """Cut every connection that has used up its time."""
        for guest in list(self.guests):
            guest.sweep(now)

    def drain(self, now: float) -> None:
        """Let every connection leave that can."""
        for guest in list(self.guests):
            guest.drain(now)

    def may_leave(self, transport: asyncio.Transport, idle_since: float, now: float) -> bool:
        """Say whether a connection may be closed, since its client has had time to use it.

        Its next answer then says that it closes. What arrived, and the loop has not read yet,
        would be cut off: a client cannot know whether it was carried out.
        """
        used_at = max(idle_since, self._leaving_since)
        return now - used_at >= self.settings.drain_grace and not _unread(transport)

    def abort(self) -> None:
        """Cut every connection."""
        for guest in list(self.guests):
            guest.abort()

    def request(
        self, message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]
    ) -> web.Request:
        """Make aiohttp's request object with our limits."""
        limits = self.settings.limits
        request = Request(
            message,
            payload,
            protocol,
            writer,
            task,
            self.loop,
            client_max_size=limits.body_size,
            client_max_fields=limits.form_fields,
        )
        request.dress = self.surroundings.dress
        return request

    def origin(self, origin: Origin) -> None:
        """Make this the origin of whatever task is created next."""
        ORIGIN.set(origin)


def _unread(transport: asyncio.Transport) -> bool:
    """Say whether a socket has something to read, be it that its client has left."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


class Accepted(asyncio.Protocol):
    """A connection that has not yet said which protocol it speaks."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._seen = b""
        self._since = monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit or drop; with ALPN the protocol is known already."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._ip = str(peer[0]) if isinstance(peer, tuple) else ""
        if not self._port.admit(self, self._ip):
            self._transport.abort()
            return
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and (chosen := tls.selected_alpn_protocol()):
            self._become(self._http2() if chosen == "h2" else Http1(self._port))

    def data_received(self, data: bytes) -> None:
        """Look at the first bytes until they decide."""
        self._seen += data
        if self._seen.startswith(PREFACE):
            self._become(self._http2())
        elif not PREFACE.startswith(self._seen):
            self._become(Http1(self._port))

    def _http2(self) -> Http2:
        return Http2(self._port, self._ip)

    def _become(self, successor: Http1 | Http2) -> None:
        self._port.hand_over(self, successor)
        self._transport.set_protocol(successor)
        successor.connection_made(self._transport)
        if self._seen:
            successor.data_received(self._seen)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002
        """Forget the connection."""
        self._port.forget(self)

    def sweep(self, now: float) -> None:
        """Cut who says nothing."""
        if now - self._since > self._port.settings.limits.header_timeout:
            self.abort()

    def drain(self, now: float) -> None:
        """Leave when still silent after a moment."""
        if self._port.may_leave(self._transport, self._since, now):
            self.abort()

    def abort(self) -> None:
        """Cut the connection now."""
        self._transport.abort()
