"""Many want one thing at once, over two nodes: one gets it, or one is left."""

import asyncio
import random
from dataclasses import dataclass, field
from time import time

import aiohttp
import pytest
from pyotp import TOTP

USER = "zitadel.user.v2.UserService"
SESSION = "zitadel.session.v2.SessionService"
ORG = "zitadel.org.v2.OrganizationService"
PROJECT = "zitadel.project.v2.ProjectService"
MEMBERS = "zitadel.internal_permission.v2.InternalPermissionService"
RETURNED = {"returnCode": {}}
OWNER = {"resource": {"instance": True}, "roles": ["IAM_OWNER"]}
RACERS = 50
GONE = {400, 403, 404, 429}
"""What may be said to who comes too late: used, not allowed any more, not there; guessed enough."""


@dataclass
class Course:
    """Two nodes as those see them that race: what is said to one is said to each in turn."""

    http: aiohttp.ClientSession
    urls: list
    token: str
    org_id: str = ""
    number: int = 0
    statuses: set = field(default_factory=set)

    async def say(self, method, body, token="", turn=0):
        url = f"{self.urls[turn % len(self.urls)]}/{method}"
        headers = {"Authorization": f"Bearer {token or self.token}"}
        async with self.http.post(url, json=body, headers=headers) as answer:
            self.statuses.add(answer.status)
            return answer.status, await answer.json()

    async def ok(self, method, **body):
        status, answer = await self.say(method, body, turn=random.randrange(2))
        assert status == 200, (method, answer)
        return answer

    async def at_once(self, calls):
        """Let all calls, of method and body, be sent at once: those that succeed, and the others."""
        self.statuses.clear()
        answers = await asyncio.gather(*(self.say(*call, turn=n) for n, call in enumerate(calls)))
        won = [answer for status, answer in answers if status == 200]
        return won, [status for status, _ in answers if status != 200]

    def name(self):
        self.number += 1
        return f"race-{self.number}"

    async def person(self):
        name = self.name()
        made = await self.ok(
            f"{USER}/AddHumanUser",
            username=name,
            organization={"orgId": self.org_id},
            profile={"givenName": "Gigi", "familyName": "Giraffe"},
            email={"email": f"{name}@example.com", "isVerified": True},
            phone={"phone": "+4930123456", "isVerified": True},
        )
        return made["userId"]

    async def sessions(self, user_id, count=RACERS):
        checks = {"user": {"userId": user_id}}
        made = [await self.ok(f"{SESSION}/CreateSession", checks=checks) for _ in range(count)]
        return [each["sessionId"] for each in made]


@pytest.fixture
async def course(cluster):
    urls, token = [node.url for node in cluster.nodes], cluster.nodes[0].pat
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        course = Course(http, urls, token)
        found = await course.ok(f"{ORG}/ListOrganizations")
        course.org_id = found["result"][0]["id"]
        yield course


def user(course, name):
    return f"{USER}/CreateUser", {
        "organizationId": course.org_id, "username": name, "machine": {"name": "Robot"},
    }  # fmt: skip


def organisation(_course, name):
    return f"{ORG}/AddOrganization", {"name": name}


def project(course, name):
    return f"{PROJECT}/CreateProject", {"organizationId": course.org_id, "name": name}


@pytest.mark.parametrize("wanted", [user, organisation, project])
async def test_of_200_that_want_a_name_one_gets_it(cluster, course, trials, measured, wanted):
    for _ in range(5 * len(trials)):
        name = course.name()
        began, call = time(), wanted(course, name)
        won, lost = await course.at_once([call] * 200)
        measured("200 answers within, s", time() - began)
        measured("winners", len(won))
        assert len(won) == 1
        assert set(lost) == {409}
        if wanted is user:
            cluster.acknowledged.users[name] = won[0]["id"]
    load = cluster.load()
    async with load.running():
        await asyncio.sleep(0.2)
    await cluster.check(load)


async def mail(course, user_id):
    address = f"{course.name()}@example.org"
    sent = await course.ok(f"{USER}/SetEmail", userId=user_id, email=address, **RETURNED)
    return entered("VerifyEmail", user_id, sent["verificationCode"])


async def phone(course, user_id):
    sent = await course.ok(f"{USER}/SetPhone", userId=user_id, phone="+4930123457", **RETURNED)
    return entered("VerifyPhone", user_id, sent["verificationCode"])


async def invitation(course, user_id):
    sent = await course.ok(f"{USER}/CreateInviteCode", userId=user_id, **RETURNED)
    return entered("VerifyInviteCode", user_id, sent["inviteCode"])


async def forgotten(course, user_id):
    sent = await course.ok(f"{USER}/PasswordReset", userId=user_id, **RETURNED)
    ((method, body), *_) = entered("SetPassword", user_id, sent["verificationCode"])
    return [(method, body | {"newPassword": {"password": f"Secret-Word-{n}"}}) for n in range(9)]


def entered(method, user_id, code):
    return [(f"{USER}/{method}", {"userId": user_id, "verificationCode": code})]


async def app(course, user_id):
    made = await course.ok(f"{USER}/RegisterTOTP", userId=user_id)
    totp = TOTP(made["secret"])
    before = totp.at(int(time()) - 30)
    await course.ok(f"{USER}/VerifyTOTPRegistration", userId=user_id, code=before)
    return await proofs(course, user_id, totp={"code": totp.now()})


async def recovery(course, user_id):
    made = await course.ok(f"{USER}/GenerateRecoveryCodes", userId=user_id, count=3)
    return await proofs(course, user_id, recoveryCode={"code": made["recoveryCodes"][0]})


async def proofs(course, user_id, **checks):
    """The same code, each in a session of its own."""
    return [
        (f"{SESSION}/SetSession", {"sessionId": id_, "checks": checks})
        for id_ in await course.sessions(user_id)
    ]


async def sent(course, user_id):
    await course.ok(f"{USER}/AddOTPEmail", userId=user_id)
    made = await course.ok(
        f"{SESSION}/CreateSession",
        checks={"user": {"userId": user_id}},
        challenges={"otpEmail": RETURNED},
    )
    checks = {"otpEmail": {"code": made["challenges"]["otpEmail"]}}
    return [(f"{SESSION}/SetSession", {"sessionId": made["sessionId"], "checks": checks})]


@pytest.mark.parametrize("code", [mail, phone, invitation, forgotten, app, recovery, sent])
async def test_of_50_that_show_a_code_one_is_believed(course, trials, measured, code):
    for _ in trials:
        calls = await code(course, await course.person())
        won, lost = await course.at_once([calls[n % len(calls)] for n in range(RACERS)])
        measured("winners", len(won))
        assert len(won) == 1
        assert set(lost) <= GONE


async def test_of_owners_that_remove_each_other_one_is_left(course, trials, measured):
    owners = {}
    for _ in range(2):
        method, body = user(course, course.name())
        owner = (await course.ok(method, **body))["id"]
        await course.ok(f"{MEMBERS}/CreateAdministrator", userId=owner, **OWNER)
        later = {"expirationDate": "2099-01-01T00:00:00Z"}
        made = await course.ok(f"{USER}/AddPersonalAccessToken", userId=owner, **later)
        owners[owner] = made["token"]
    course.token = owners[owner]
    for other in (await course.ok(f"{MEMBERS}/ListAdministrators"))["administrators"]:
        if other["user"]["id"] not in owners and "instance" in other:
            await course.ok(f"{MEMBERS}/DeleteAdministrator", **removal(other["user"]["id"]))
    for _ in trials:
        ids = list(owners)
        calls = [
            (f"{MEMBERS}/DeleteAdministrator", removal(ids[n % 2]), owners[ids[n // 2 % 2]])
            for n in range(RACERS)
        ]
        won, lost = await course.at_once(calls)
        measured("removals done", len(won))
        assert set(lost) <= GONE
        left = [id_ for id_, token in owners.items() if await owns(course, token)]
        measured("owners left", len(left))
        assert len(left) == 1
        course.token = owners[left[0]]
        for id_ in owners.keys() - set(left):
            await course.ok(f"{MEMBERS}/CreateAdministrator", userId=id_, **OWNER)


def removal(user_id):
    return {"userId": user_id, "resource": {"instance": True}}


async def owns(course, token):
    """Whether both nodes let somebody list the instance's administrators."""
    body = {"filters": [{"resource": {"instance": True}}]}
    answers = [await course.say(f"{MEMBERS}/ListAdministrators", body, token, n) for n in range(2)]
    return all(answer.get("administrators") for _, answer in answers)
