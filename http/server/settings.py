"""What the listening port may be told: where it listens, whom it trusts, how much it bears."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

LOCAL_NETWORKS = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may ask of the port. Times are seconds, sizes bytes.

    A body (or a unary gRPC message) may take ``body_timeout`` and one more second for every
    ``body_rate`` bytes that have arrived. A connection whose send buffer does not drain for
    ``write_timeout`` is cut. ``request_timeout`` bounds the handler, not only the socket.
    """

    header_timeout: float = 10.0
    body_timeout: float = 30.0
    body_rate: int = 4096
    write_timeout: float = 30.0
    idle_timeout: float = 75.0
    request_timeout: float = 60.0

    line_size: int = 8190
    field_size: int = 8190
    fields: int = 128
    body_size: int = 1 << 20
    form_fields: int = 1000

    connections: int = 20_000
    connections_per_ip: int = 4096

    streams: int = 100
    header_list_size: int = 32 << 10
    message_size: int = 4 << 20
    window: int = 1 << 20
    frame_burst: int = 1000
    frame_rate: int = 100
    reset_burst: int = 200
    reset_rate: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where and how the server listens.

    ``port`` 0 takes a free one. ``external_secure`` says that browsers reach it by https, be it
    with ``tls`` here or at a proxy. ``X-Forwarded-For`` and ``X-Forwarded-Host`` count only when
    the hop that sent them is in ``trusted_proxies``; so does ``client_certificate_header``, in
    which a proxy passes on the certificate that a client showed it. ``/debug/metrics`` is shown to
    ``debug_networks`` only.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    reuse_port: bool = False
    backlog: int = 2048
    tls: ssl.SSLContext | None = None
    external_secure: bool = False
    trusted_proxies: tuple[str, ...] = ()
    client_certificate_header: str = ""
    debug_networks: tuple[str, ...] = LOCAL_NETWORKS
    drain_timeout: float = 20.0
    drain_grace: float = 0.5
    limits: Limits = field(default_factory=Limits)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context for the PEM files at these paths, TLS 1.2 or newer.

    Of TLS 1.2 with forward secrecy and authenticated encryption only (BCP 195: RFC 9325, 4.2).
    The order of ALPN gives browsers HTTP/1.1 (aiohttp's fast path) and gRPC clients, which offer
    nothing but ``h2``, HTTP/2.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1", "h2"])
    return context
