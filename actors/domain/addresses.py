"""Which addresses are others', so that nobody can send this server into its own network (SSRF)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA gives out of IPv6; what is outside is local, reserved or a way to write IPv4."""
NAT64 = IPv6Network("64:ff9b::/96")
"""The prefix that wraps IPv4 addresses (RFC 6052)."""
CLOUDS = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""Where machines in clouds ask about themselves, although it looks like the Internet; others do so
at link-local or shared addresses (RFC 6890)."""


def is_public(address: str) -> bool:
    """Say whether an IP address is on the Internet, however it is wrapped into IPv6.

    Raises ``ValueError`` for what is no address.
    """
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        inner = _embedded(found)
        return found in GLOBAL_UNICAST and found.is_global if inner is None else _is_open(inner)
    return _is_open(found)


def _is_open(address: IPv4Address) -> bool:
    closed = address.is_multicast or any(address in network for network in CLOUDS)
    return address.is_global and not closed


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
