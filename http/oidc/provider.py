"""What the provider remembers between requests, in this process only. All of it is bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from personae.actors.aggregates.world import World
from personae.actors.domain.project.state import AppKey
from personae.http.identity.certificates import Authorities
from personae.http.identity.jwt import Verifier
from personae.http.identity.published import Published
from personae.http.identity.replays import digest
from personae.http.oidc.custom_claims import Source
from personae.http.oidc.polls import Polls
from personae.http.oidc.published_keys import published_keys
from personae.http.oidc.signing import Signing
from personae.store.generated import fast_verify, is_fast

SECRETS_AT_MOST = 10_000
VERIFIED_AT_MOST = 2_000


class Verified:
    """Assertions without an id whose signature was right, until they expire.

    An entry counts only with the very key that verified it, so that a removed key takes its
    assertions along.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[Verifier, datetime]] = OrderedDict()

    def holds(self, assertion: bytes, verifier: Verifier, now: datetime) -> bool:
        """Say whether the assertion of a digest was verified by this very key."""
        known = self._known.get(assertion)
        return known is not None and known[0] is verifier and now < known[1]

    def keep(self, assertion: bytes, verifier: Verifier, until: datetime) -> None:
        """Remember an assertion."""
        self._known[assertion] = (verifier, until)
        if len(self._known) > VERIFIED_AT_MOST:
            self._known.popitem(last=False)


class Secrets:
    """Compares client secrets. Slow hashes, which imports bring, are verified once per secret.

    What was right stays right for as long as the stored hash is the same one.
    """

    def __init__(self) -> None:
        self._right: OrderedDict[bytes, None] = OrderedDict()

    async def right(self, world: World, encoded: str, secret: str) -> bool:
        """Say whether a secret is the one that was hashed; an empty hash has none."""
        if not encoded or not secret:
            return False
        if is_fast(encoded):
            return fast_verify(encoded, secret)
        known = digest(encoded, secret)
        if known in self._right:
            return True
        if not (await world.verify(encoded, secret)).ok:
            return False
        self._right[known] = None
        if len(self._right) > SECRETS_AT_MOST:
            self._right.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class DetailsType:
    """The members that details of one type must and may have, beside the common ones.

    (RFC 9396, 2)
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """Which profiles of OAuth the operator has turned on.

    ``certificates``: a proxy passes those of clients on; ``authorities`` certify some.
    ``registration_project`` is where clients register themselves, if they may; ``details`` are the
    types of authorization details that there are.
    """

    certificates: bool = False
    authorities: Authorities = Authorities(())
    registration_project: str = ""
    details: Mapping[str, DetailsType] = field(default_factory=dict)


DEFAULT = Profiles()
"""None."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The memory of the provider; ``documents`` holds discovery documents by issuer.

    ``implicit``: applications that register it may get tokens from the authorization endpoint.
    ``sources`` add claims (``custom_claims.py``); ``published`` are keys at addresses of clients.
    """

    verified: Verified = field(default_factory=Verified)
    secrets: Secrets = field(default_factory=Secrets)
    signing: Signing = field(default_factory=Signing)
    documents: dict[str, bytes] = field(default_factory=dict)
    polls: Polls = field(default_factory=Polls)
    implicit: bool = True
    profiles: Profiles = DEFAULT
    sources: tuple[Source, ...] = ()
    published: Published[AppKey] = field(default_factory=published_keys)


PROVIDER: web.AppKey[Provider] = web.AppKey("oidc provider", Provider)
