"""The composition root: the only place that knows which concrete parts a process is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from personae import projections as read_models
from personae.actors.aggregates.clients import client_of
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Recorded, Stream
from personae.actors.domain.web_key.state import Status, WebKey
from personae.actors.runtime import Rates, collector
from personae.actors.runtime.clock import watch_lag
from personae.actors.runtime.supervisor import FORGET, Supervisor
from personae.actors.workers.back_channel import BackChannelLogout, Sign
from personae.actors.workers.cascades import Cascades
from personae.actors.workers.follower import Follower
from personae.actors.workers.key_rotation import KeyRotation
from personae.actors.workers.notifications import Notifications, Post
from personae.actors.workers.outbound import Outbound
from personae.actors.workers.outbox import Outbox
from personae.actors.workers.receipts import forget_old_receipts
from personae.actors.workers.senders import Sender
from personae.config import masterkey, parts
from personae.config.building import tell_builds
from personae.config.first_start import FirstStart, SetUp
from personae.config.message_providers import endpoints_of, provide
from personae.config.metrics import Metrics
from personae.config.settings import Settings
from personae.config.system_users import system_users_of
from personae.config.texts import Texts
from personae.http import api
from personae.http.identity.federation.federation import Federation
from personae.http.identity.instances import Origins
from personae.http.identity.keys import SigningKeys, StoredKey
from personae.http.identity.opaque import OpaqueTokens
from personae.http.identity.replays import Replays
from personae.http.identity.services import Services
from personae.http.identity.signer import signer_of
from personae.projections.kit.condition import ALL
from personae.projections.kit.page import MAX_LIMIT
from personae.projections.kit.question import Question
from personae.projections.kit.registry import Projections, tables_in
from personae.projections.kit.spooler import Pace
from personae.projections.web_keys import WEB_KEYS
from personae.store.crypto import Area, Keyring
from personae.store.errors import DatabaseError
from personae.store.pool import Database
from personae.store.seen import Seen

log = structlog.get_logger("personae")
RELOAD_KEYS_SECONDS = 30.0
GAUGE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Node:
    """The running parts of one process, without its port."""

    settings: Settings
    database: Database
    services: Services
    metrics: Metrics
    root: Supervisor
    given_up: asyncio.Event
    first_start: FirstStart | None
    rates: Rates = field(default_factory=Rates)

    def tree(self) -> dict[str, Any]:
        """Return the supervisor tree as it stands."""
        return self.rates.added(self.root.snapshot())

    async def ping(self) -> None:
        """Raise unless the database answers."""
        await self.database.row("SELECT 1")

    async def room(self) -> None:
        """Raise while the database's disk is full: it answers, and nothing can be changed."""
        self.database.room()

    async def answers(self) -> bool:
        """Say whether the database answers."""
        try:
            await self.ping()
        except DatabaseError:
            return False
        return True


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Node]:
    """Start everything but the port; stop it in reverse order."""
    api.load()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        database = await parts.prepared(settings, stack)
        keyring = await Keyring.load(database, masterkey.obtain(settings))
        world = await parts.aggregates(settings, database, keyring, metrics, stack)
        views = _projections(settings, database, world)
        services = _services(settings, database, world, views, metrics)
        given_up = asyncio.Event()
        root = _tree(settings, database, services, metrics, given_up)
        await root.start()
        stack.push_async_callback(root.stop)
        first = None
        if not await world.log.instances():
            first = await SetUp(settings, services.dispatch, services.tokens).run()
        await provide(settings, services.dispatch)
        yield Node(settings, database, services, metrics, root, given_up, first)


def _tree(
    settings: Settings,
    database: Database,
    services: Services,
    metrics: Metrics,
    given_up: asyncio.Event,
) -> Supervisor:
    """Return the supervisor tree of a process: who is started, watched and restarted."""
    world, views = services.world, services.projections
    forget_keys = _forget_keys(services)
    world.log.on_committed.append(forget_keys)
    follower = Follower(
        world.log,
        database,
        heard=(world.absorb, forget_keys),
        in_order=views.on_committed,
        distrust=world.forget,
        listen=not settings.store.portable,
        shared=parts.shared(settings),
    )
    if parts.shared(settings):
        world.current, world.heard = follower.current, follower.heard
        world.everywhere = follower.everywhere
    rotation = KeyRotation(
        services.dispatch,
        views,
        life=settings.oidc.signing_key_life,
        keep=settings.oidc.signing_key_keep,
    )
    cascades = Cascades(services.dispatch, views, database)
    world.log.on_committed.append(cascades.heard)
    logouts = BackChannelLogout(
        services.dispatch,
        views,
        _sign(services),
        Outbound(private=settings.oidc.back_channel_private),
    )
    world.log.on_committed.append(logouts.hear)
    notifications = _notifications(settings, database, services, metrics)
    world.log.on_committed.append(notifications.heard)
    root = Supervisor("personae", on_escalation=lambda _error: given_up.set())
    root.add("aggregates", lambda: world.directory, FORGET)
    root.add("projections", lambda: views)
    views.given_up = partial(root.failed, "projections")
    workers_node = root.node("workers")
    workers_node.add("follower", follower.run)
    workers_node.add("key rotation", rotation.run)
    workers_node.add("receipts", lambda: forget_old_receipts(world))
    workers_node.add("cascades", cascades.run)
    workers_node.add("back-channel logout", logouts.run)
    workers_node.add("notifications", notifications.run)
    workers_node.add("data keys", lambda: _reload_keys(world.keyring))
    workers_node.add("loop lag", lambda: watch_lag(metrics.loop_lag))
    workers_node.add("collector", collector.tidy)
    workers_node.add("builds", partial(tell_builds, views))
    workers_node.add("gauges", lambda: _gauges(world, views, metrics))
    return root


def _notifications(
    settings: Settings, database: Database, services: Services, metrics: Metrics
) -> Notifications:
    outbound = Outbound(private=settings.messages.private_providers)
    post = Post(
        services.texts,
        Sender(outbound, endpoints_of(settings)),
        services.origins.of,
        metrics.message,
    )
    return Notifications(services.dispatch, Outbox(database), post)


def _projections(settings: Settings, database: Database, world: World) -> Projections:
    lease = settings.projections.lease.total_seconds()
    pace = Pace(
        lease=lease,
        renew=lease / 3,
        sweep=settings.projections.poll.total_seconds(),
        jitter=settings.projections.jitter,
    )
    return Projections(database, world.log, tables_in(read_models), pace=pace)


def _services(
    settings: Settings, database: Database, world: World, views: Projections, metrics: Metrics
) -> Services:
    async def load(instance_id: str) -> Iterable[StoredKey]:
        return await stored_keys(services, instance_id)

    services = Services(
        dispatch=Dispatch(world),
        projections=views,
        tokens=OpaqueTokens(world.keyring),
        keys=SigningKeys(load),
        texts=Texts.load(),
        counters=metrics,
        origins=Origins(settings.external_secure, settings.external_port),
        system_users=system_users_of(settings),
        session_state=settings.oidc.session_management,
        proofs=Replays(Seen(database, portable=settings.store.portable)),
        fetch=Outbound(private=settings.saml.metadata_private).get,
        federation=_federation(settings),
    )
    return services


def _federation(settings: Settings) -> Federation:
    outbound = Outbound(private=settings.federation.private)
    return Federation(outbound.exchange, outbound.addresses)


async def stored_keys(services: Services, instance_id: str) -> Iterable[StoredKey]:
    """Return the signing keys of an instance that are not removed, unsealed."""
    world = services.world
    everything = Question(table=WEB_KEYS, instance_id=instance_id, allowed=ALL, limit=MAX_LIMIT)
    found = []
    for row in (await services.ask(everything)).rows:
        key: WebKey = await world.state(Stream(instance_id, "web_key", row.id))
        if key.private_key is not None:
            pem = world.keyring.open(Area.SIGNING_KEY, key.private_key, instance_id)
            active = key.status is Status.ACTIVE
            found.append(StoredKey(row.id, key.algorithm, pem, active, key.profile))
    return found


def _forget_keys(services: Services) -> Callable[[list[Recorded]], None]:
    """Return what makes changed signing keys be loaded again."""

    def forget(recorded: list[Recorded]) -> None:
        for each in recorded:
            if each.stream.type == "web_key":
                services.keys.forget(each.stream.instance_id)

    return forget


async def _gauges(world: World, views: Projections, metrics: Metrics) -> None:
    while True:
        metrics.live_actors(len(world.directory))
        metrics.queued(world.log.depth)
        try:
            await measure_lag(views, metrics)
        except DatabaseError as error:
            log.warning("projections not measured", error=type(error).__name__)
        await asyncio.sleep(GAUGE_SECONDS)


async def measure_lag(views: Projections, metrics: Metrics) -> None:
    """Tell of each projection the lag of the instance it is furthest behind in."""
    lags: dict[str, int] = {}
    for status in await views.status():
        lags[status.table] = max(status.lag, lags.get(status.table, 0))
    for table, lag in lags.items():
        metrics.projection_lag(table, lag)


def _sign(services: Services) -> Sign:
    """Return what signs a token with the key that signs for its client, which is its audience."""

    async def sign(instance_id: str, claims: Mapping[str, Any], typ: str) -> str:
        client = await client_of(services.world, instance_id, claims["aud"])
        fapi = client is not None and client.app.oauth.fapi
        return (await signer_of(services, instance_id, fapi=fapi)).sign(claims, typ)

    return sign


async def _reload_keys(keyring: Keyring) -> None:
    while True:
        await asyncio.sleep(RELOAD_KEYS_SECONDS)
        try:
            await keyring.reload()
        except DatabaseError as error:
            log.warning("data keys not reloaded", error=type(error).__name__)
