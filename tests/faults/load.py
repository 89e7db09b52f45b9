"""A bounded load over HTTP: users, what is noted of them, sessions and roles of theirs.

Each call has a key and is repeated until it is answered.
"""

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

GRANTS = "zitadel.authorization.v2.AuthorizationService"
PROJECTS = "zitadel.project.v2.ProjectService"
ROLE = "reader"
DEADLINE = "Connect-Timeout-Ms"
CONNECT = {
    "/v2/users/human": "/zitadel.user.v2.UserService/AddHumanUser",
    "/v2/sessions": "/zitadel.session.v2.SessionService/CreateSession",
}
"""The same calls where a client may set a deadline."""


@dataclass
class Failure:
    """A try that was not answered with success."""

    at: float
    url: str
    status: int
    seconds: float
    retry_after: str = ""
    body: str = ""


@dataclass
class Acknowledged:
    """Ids that were told: of users by their names, of sessions and roles given by their user."""

    users: dict = field(default_factory=dict)
    sessions: dict = field(default_factory=dict)
    grants: dict = field(default_factory=dict)


@dataclass
class Load:
    """``clients`` at work on ``urls`` in turn."""

    urls: list
    token: str
    clients: int = 8
    pause: float = 0.0
    name: str = "user"
    patience: float = 60.0
    host: str = ""
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    answered_at: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self):
        """Load while the body runs; afterwards every call begun is brought to its end."""
        self._stopping = False
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            self._http = http
            self._org = await self._organisation()
            self._project = await self._with_role()
            work = [asyncio.create_task(self._client(n)) for n in range(self.clients)]
            try:
                yield self
            finally:
                self._stopping = True
                await asyncio.gather(*work)

    async def _organisation(self):
        url = f"{self.urls[0]}/v2/organizations/_search"
        async with self._http.post(url, json={}, headers=self._headers()) as answer:
            return (await answer.json())["result"][0]["id"]

    async def _with_role(self):
        """The id of a new project with one role."""
        turns, called = itertools.count(), {"organizationId": self._org, "name": self.name}
        key, path = f"{self.name}-project", f"/{PROJECTS}/CreateProject"
        made = await self._until_answered(key, path, called, turns)
        role = {"projectId": made["projectId"], "roleKey": ROLE, "displayName": ROLE}
        await self._until_answered(f"{key}-role", f"/{PROJECTS}/AddProjectRole", role, turns)
        return made["projectId"]

    def _headers(self, **more):
        host = {"Host": self.host} if self.host else {}
        return {"Authorization": f"Bearer {self.token}", **host, **more}

    async def _client(self, number):
        turns = itertools.count(number)
        for n in itertools.count():
            if self._stopping:
                return
            await self._person(f"{self.name}-{number}-{n}", turns)
            await asyncio.sleep(self.pause)

    async def _person(self, name, turns):
        """A user, then something noted of it, a session and a role of it; until one is refused."""
        user = await self._until_answered(f"{name}-user", "/v2/users/human", self.body(name), turns)
        if not user:
            return
        user_id = self.acknowledged.users[name] = user["userId"]
        note = {"metadata": [{"key": "note", "value": "Z29vZA=="}]}
        await self._until_answered(f"{name}-note", f"/v2/users/{user_id}/metadata", note, turns)
        checks = {"checks": {"user": {"userId": user_id}}}
        session = await self._until_answered(f"{name}-session", "/v2/sessions", checks, turns)
        if session:
            self.acknowledged.sessions[user_id] = session["sessionId"]
        path, body = f"/{GRANTS}/CreateAuthorization", self._role(user_id)
        grant = await self._until_answered(f"{name}-role", path, body, turns)
        if grant:
            self.acknowledged.grants[user_id] = grant["id"]

    def _role(self, user_id):
        where = {"projectId": self._project, "organizationId": self._org}
        return {"userId": user_id, "roleKeys": [ROLE], **where}

    def body(self, name):
        return {
            "username": name,
            "organization": {"orgId": self._org},
            "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
            "email": {"email": f"{name}@example.com", "isVerified": True},
        }

    async def _until_answered(self, key, path, body, turns):
        give_up = time.monotonic() + self.patience
        while time.monotonic() < give_up:
            url = self.urls[next(turns) % len(self.urls)]
            answer = await self._try(url, path, body, key)
            if answer is not None:
                return answer
            await asyncio.sleep(0.05)
        self.wrong.append(f"{key}: never answered")
        return {}

    async def _try(self, url, path, body, key, **more):
        """The answer; {} when refused for good, which is wrong; None when to be sent again.

        ``more`` headers may hold a deadline: then 504 means that it is to be sent again.
        """
        began = time.monotonic()
        headers = self._headers(**{"Idempotency-Key": key}, **more)
        again = {0, 409, 503, 504 if DEADLINE in more else 0}
        status, text, retry = 0, "", ""
        try:
            async with self._http.post(f"{url}{path}", json=body, headers=headers) as answer:
                status, text = answer.status, await answer.text()
                retry = answer.headers.get("Retry-After", "")
                if status in {200, 201}:
                    self.answered_at.append(time.monotonic())
                    return await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = type(error).__name__
        now = time.monotonic()
        self.failures.append(Failure(now, url, status, now - began, retry, text[:200]))
        if status not in again or "Traceback" in text:
            self.wrong.append(f"{key}: {status} {text[:200]}")
            return {}
        return None

    def kinds(self):
        """How often each kind of failure was met."""
        return Counter((f.status, f.body) for f in self.failures).most_common(8)

    def window(self, since):
        """Seconds from ``since`` to the next success that no failure follows for long."""
        late = [at for at in self.answered_at if at > since]
        return min(late, default=float("inf")) - since

    def errors_end(self, since):
        """Seconds from ``since`` to the last failure."""
        return max((f.at for f in self.failures if f.at > since), default=since) - since


@dataclass
class Hasty(Load):
    """A share of the calls, ``hurry``, leaves after 5 to 30 ms, or says that it waits no longer."""

    hurry: float = 0.3
    left: int = 0
    late: int = 0

    async def _try(self, url, path, body, key):
        if random.random() >= self.hurry:
            return await super()._try(url, path, body, key)
        seconds = random.uniform(0.005, 0.03)
        if path in CONNECT and random.random() < 0.5:
            patience = {DEADLINE: str(round(seconds * 1000))}
            answer = await super()._try(url, CONNECT[path], body, key, **patience)
            self.late += answer is None
            return answer
        try:
            async with asyncio.timeout(seconds):
                return await super()._try(url, path, body, key)
        except TimeoutError:
            self.left += 1
            return None


async def readiness(server):
    """What a server says of itself: 200 when it serves."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/debug/ready") as answer:
        return answer.status
