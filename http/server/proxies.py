"""What a trusted proxy says about the client, and only a trusted one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from personae.http.server.origin import Networks


class Proxies:
    """The hops whose ``X-Forwarded-…`` headers count, and that of client certificates, if any."""

    def __init__(self, networks: Iterable[str], certificate_header: str = "") -> None:
        self.networks = Networks(networks)
        self.trusting = bool(self.networks)
        self.certificate_header = certificate_header.lower()

    def seen(
        self, peer: str, host: str, forwarded_for: str | None, forwarded_host: str | None
    ) -> tuple[str, str]:
        """Return (host, client address) as the outermost trusted hop saw them."""
        if not self.networks or not self.networks.holds(peer):
            return host, peer
        outer = host if forwarded_host is None else forwarded_host.split(",")[0].strip()
        return outer, self.networks.client(peer, forwarded_for)

    def certificate(self, peer: str, values: Sequence[str]) -> str:
        """Return the certificate that the header's values show (RFC 8705, RFC 9440).

        Only a trusted hop is believed, and only when it says one thing: of two, one could be the
        client's own.
        """
        if len(values) != 1 or not self.networks.holds(peer):
            return ""
        return values[0]
