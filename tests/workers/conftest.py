"""Workers on the log that counts, a mail server that keeps what it gets, and an endpoint that does."""

import asyncio
import base64
import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.domain.instance.providers import AddProvider
from personae.actors.domain.kit import Caller, Stream
from personae.actors.workers.notifications import Notifications, Post
from personae.actors.workers.outbound import Outbound
from personae.actors.workers.outbox import Outbox
from personae.actors.workers.senders import Sender
from personae.config.texts import Texts
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import INSTANCE, SETUP, Clock, human, process

TEXTS = Texts.load()
MAIL_PASSWORD = "mail-secret"
SYSTEM = Caller.of_system(INSTANCE)


@dataclass
class Mailbox:
    """A mail server: what it got, and what it answers next in place of taking a mail."""

    port: int = 0
    got: list = field(default_factory=list)
    refusals: list = field(default_factory=list)
    logins: list = field(default_factory=list)
    encrypted: list = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 — aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        self.encrypted.append(session.ssl is not None)
        self.got.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == MAIL_PASSWORD.encode(), handled=True)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody but its own authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def mailbox(certificates):
    box = Mailbox()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates)

    def protocol():
        return SMTP(box, tls_context=tls, authenticator=box.authenticate, auth_require_tls=True)

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@dataclass
class Endpoint:
    """An HTTP endpoint: the calls it got, and the statuses it answers with first."""

    url: str = ""
    calls: list = field(default_factory=list)
    statuses: list = field(default_factory=list)

    async def answer(self, request):
        self.calls.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 201)

    @property
    def login(self):
        scheme, _, value = self.calls[-1][1]["Authorization"].partition(" ")
        return scheme, base64.b64decode(value).decode()


@pytest.fixture
async def endpoint():
    point = Endpoint()
    app = web.Application()
    app.router.add_post("/{any:.*}", point.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    point.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield point
    await runner.cleanup()


@dataclass
class Office:
    """A world with users in it, and the worker that writes to them."""

    dispatch: Dispatch
    database: object
    clock: Clock
    trusting: ssl.SSLContext
    counts: list = field(default_factory=list)
    private: bool = True

    def worker(self, **changes):
        """Another process' worker."""
        options = {"outbound": Outbound(private=self.private), "tls": self.trusting} | changes
        post = Post(
            TEXTS,
            Sender(**options),
            lambda domain: f"https://{domain}",
            lambda *counted: self.counts.append(counted),
        )
        return Notifications(self.dispatch, Outbox(self.database), post)

    async def send(self, command):
        return await self.dispatch.send(command, SYSTEM)

    async def mail_by(self, mailbox, **changes):
        """Send mails through a mail server from now on."""
        about = {
            "kind": ProviderKind.SMTP,
            "endpoint": f"127.0.0.1:{mailbox.port}",
            "sender": "id@acme.test",
            "sender_name": "ACME Łódź",
            "user": "robot",
        }
        await self._add(Channel.EMAIL, Provider(**about | changes), MAIL_PASSWORD)

    async def sms_by(self, provider, secret):
        await self._add(Channel.SMS, provider, secret)

    async def _add(self, channel, provider, secret):
        await self.send(
            AddProvider(
                instance_id=INSTANCE,
                provider_id=self.dispatch.world.new_id(),
                channel=channel,
                provider=provider,
                secret=secret,
                activate=True,
            )
        )

    async def work(self, worker=None):
        """Do what one look of a worker does, and wait until all is sent."""
        worker = worker or self.worker()
        await worker.collect(INSTANCE)
        await worker._start()
        await asyncio.gather(*worker._sending)

    async def events(self, kind, id_):
        stream = Stream(INSTANCE, kind, id_)
        return [each.event.__event__ for each in await self.dispatch.world.log.stream(stream)]

    async def waiting(self):
        return (await self.database.row("SELECT count(*) FROM outbox"))[0]


@pytest.fixture
async def office(database, certificates):
    clock = Clock()
    log = PostgresLog(database)
    world = process(log, clock)
    dispatch = Dispatch(world)
    await dispatch.send(SETUP, SYSTEM)
    await dispatch.send(human("22", "grace"), SYSTEM)
    yield Office(dispatch, database, clock, ssl.create_default_context(cafile=certificates))
    await log.close()
