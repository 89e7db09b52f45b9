"""What a trusted proxy says about the client, and only a trusted one."""

from __future__ import annotations

from collections.abc import Iterable

from personae.http.server.origin import Networks


class Proxies:
    """The hops whose ``X-Forwarded-…`` headers count."""

    def __init__(self, networks: Iterable[str]) -> None:
        self.networks = Networks(networks)

    def seen(
        self, peer: str, host: str, forwarded_for: str | None, forwarded_host: str | None
    ) -> tuple[str, str]:
        """Return (host, client address) as the outermost trusted hop saw them."""
        if not self.networks or not self.networks.holds(peer):
            return host, peer
        outer = host if forwarded_host is None else forwarded_host.split(",")[0].strip()
        return outer, self.networks.client(peer, forwarded_for)
