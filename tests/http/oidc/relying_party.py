"""Relying parties made of published libraries, which are told what to do and say what came of it."""

import asyncio
import json
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

from joserfc.jwk import RSAKey
from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import AuthMethod

from tests.http.oidc.assertions import seconds

FOLDER = Path(__file__).parent / "openid_client"
METHOD_NAMES = {
    AuthMethod.BASIC: "client_secret_basic",
    AuthMethod.POST: "client_secret_post",
    AuthMethod.NONE: "none",
    AuthMethod.PRIVATE_KEY_JWT: "private_key_jwt",
    CertificateMethod.CA: "tls_client_auth",
    CertificateMethod.SELF_SIGNED: "self_signed_tls_client_auth",
}
"""By what applications are registered with."""


def jwk_of(app):
    return RSAKey.import_key(app.key).as_dict(private=True) if app.key else None


class OpenIDClient:
    """openid-client in a process of its own, which lives as long as the session of tests."""

    def __init__(self, folder):
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            ["node", "client.mjs"], cwd=folder, stdin=pipe, stdout=pipe, text=True
        )

    def stop(self):
        self._process.communicate(timeout=10)

    async def told(self, call, **arguments):
        """Return {ok} or {error, status} of one call."""
        line = json.dumps({"call": call, **arguments})
        answer = json.loads(await asyncio.wait_for(asyncio.to_thread(self._ask, line), 15))
        return SimpleNamespace(**{"ok": None, "error": None, "status": 200, **answer})

    def _ask(self, line):
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline()

    async def party(self, stack, app, method, **changes):
        """Return a client of the provider, after it read the discovery document."""
        party = Party(self, stack, app, f"{app.client_id}/{stack.new_id()}")
        who = {
            "issuer": stack.issuer, "clientId": app.client_id, "method": METHOD_NAMES[method],
            "secret": app.secret, "keyId": app.key_id, "jwk": jwk_of(app),
            "skew": round(seconds(stack) - time.time()), **changes,
        }  # fmt: skip
        metadata = await party.ok("discover", **who)
        assert metadata["issuer"] == stack.issuer
        return party


class Party:
    """One client of a provider, as openid-client knows it."""

    def __init__(self, library, stack, app, name):
        self._library, self.stack, self.app, self.name = library, stack, app, name

    async def told(self, call, **arguments):
        return await self._library.told(call, name=self.name, **arguments)

    async def ok(self, call, **arguments):
        """Return the answer of a call that must succeed."""
        found = await self.told(call, **arguments)
        assert found.error is None, (call, found)
        return found.ok

    async def refused(self, call, **arguments):
        """Return error and status of a call that must fail."""
        found = await self.told(call, **arguments)
        assert found.error is not None, (call, found.ok)
        return found.error, found.status

    async def returned(self, url, browser=None):
        """Follow an authorization URL through sign-in, back to the client; return where that is."""
        stack = self.stack
        browser = browser or await stack.browser()
        begun = await stack.call("GET", url.removeprefix(stack.issuer))
        request_id = begun.location.partition("authRequestID=")[2]
        await stack.link(request_id, browser)
        return (await stack.callback(request_id, browser)).location
