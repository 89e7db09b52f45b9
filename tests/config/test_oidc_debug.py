"""``personae oidc debug`` as somebody types it, against a provider on a real port."""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiohttp import web
from personae.actors.domain.project.values import ApplicationType, AuthMethod, GrantType, TokenType
from personae.config.loopback import Loopback
from personae.http.playground.client import Client
from personae.http.playground.flows import Flows, Pending
from personae.http.playground.talk import Talk, WentWrongError
from personae.http.playground.why import why

from tests.aggregates.conftest import ADMIN, PASSWORD, clock, dispatch, passwords, world  # noqa: F401
from tests.http.oidc.conftest import query_of, stack  # noqa: F401
from tests.http.oidc.test_device import answer

NATIVE = {
    "application_type": ApplicationType.NATIVE, "auth_method_type": AuthMethod.NONE,
    "redirect_uris": ("http://127.0.0.1/callback",), "access_token_type": TokenType.JWT,
    "grant_types": (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE),
}  # fmt: skip
EXCHANGING = (GrantType.AUTHORIZATION_CODE, GrantType.TOKEN_EXCHANGE)


class Command:
    """The command in a process of its own."""

    def __init__(self, process):
        self.process, self.errors = process, ""

    @classmethod
    async def begun(cls, stack, flow, *arguments):  # noqa: F811
        command = (sys.executable, "-m", "personae.config.cli", "oidc", "debug", flow)
        pipe = asyncio.subprocess.PIPE
        options = ("--issuer", stack.issuer, *arguments)
        return cls(await asyncio.create_subprocess_exec(
            *command, *options, stdin=pipe, stdout=pipe, stderr=pipe
        ))  # fmt: skip

    async def line(self, start):
        """Return the first line on standard error that begins like this."""
        while True:
            line = (await asyncio.wait_for(self.process.stderr.readline(), 20)).decode()
            assert line, self.errors
            self.errors += line
            if line.startswith(start):
                return line.strip()

    async def ended(self, text=""):
        """Give it its standard input; return exit code and what it printed."""
        out, errors = await asyncio.wait_for(self.process.communicate(text.encode()), 30)
        return self.process.returncode, out.decode(), errors.decode()


async def told(command, text=""):
    code, out, errors = await command.ended(text)
    assert code == 0, out + errors
    return json.loads(out)


def claims(steps, title):
    (found,) = [each for step in steps for each in step["tokens"] if each["title"] == title]
    return {claim["name"]: claim for claim in found["claims"]}


async def signed_in(stack, url):  # noqa: F811
    """Do what a person and the browser do; return what the loopback address said."""
    browser = await stack.browser()
    begun = await stack.call("GET", url.removeprefix(stack.issuer))
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = (await stack.callback(request_id, browser)).location
    async with stack.http.get(back) as answered:
        return await answered.text()


async def test_a_code_flow_is_shown_with_each_claims_reason_and_no_secret(stack):  # noqa: F811
    app = await stack.app(**NATIVE)
    command = await Command.begun(
        stack, "code", "--client-id", app.client_id, "--no-browser", "--json"
    )
    assert "close this window" in await signed_in(stack, await command.line("http"))
    steps = await told(command)
    titles = [step["title"] for step in steps]
    assert titles[:4] == [
        "Read what the provider offers", "Send the browser to sign in", "The browser comes back",
        "Exchange the code for tokens",
    ]  # fmt: skip
    of_id_token = claims(steps, "ID token")
    assert of_id_token["sub"]["value"] == ADMIN
    assert of_id_token["nonce"]["why"].startswith("What the client sent")
    of_userinfo = claims(steps, "Claims of userinfo")
    assert of_userinfo["name"]["why"] == "Because the scope profile was granted."
    assert "verified" in steps[3]["tokens"][0]["about"]
    assert all(re.fullmatch(r".{0,4}…", steps[3]["received"][name]) for name in
               ("access_token", "refresh_token", "id_token"))  # fmt: skip
    assert steps[3]["sent"]["code_verifier"].endswith("…")
    assert steps[2]["sent"]["code"].endswith("…")


async def test_a_device_flow_waits_until_somebody_allows_it(stack, clock):  # noqa: F811
    app = await stack.app(**NATIVE)
    command = await Command.begun(stack, "device", "--client-id", app.client_id, "--json")
    line = await command.line("Open ")
    asked = asyncio.Event()
    stack.services.counters.token = lambda *_: asked.set()
    shown = SimpleNamespace(json={"user_code": line.rpartition(" ")[2]})
    await asyncio.wait_for(asked.wait(), 20)  # once, and in vain
    clock.pass_(seconds=5)
    await answer(stack, shown, await stack.browser())
    steps = await told(command)
    assert claims(steps, "Access token")["sub"]["value"] == ADMIN
    assert steps[1]["received"]["device_code"].endswith("…")
    polls = [step for step in steps if step["title"] == "Ask whether the device was allowed"]
    assert [step["received"].get("error") for step in polls] == ["authorization_pending", None]


async def test_questions_answered_alike_are_one_step_that_is_counted(stack, clock):  # noqa: F811
    app = await stack.app(**NATIVE)
    flows = Flows(Talk(stack.http, stack.issuer), Client.of(app.client_id))
    begun = await flows.begin_device("openid")
    for seconds in (0, 5, 5, 0):
        clock.pass_(seconds=seconds)
        with pytest.raises(WentWrongError):
            await flows.poll_device(begun["device_code"])
        assert flows.waiting
    told = [(step.received["error"], step.times) for step in flows.talk.steps[2:]]
    assert told == [("authorization_pending", 3), ("slow_down", 1)]
    with pytest.raises(WentWrongError):
        await flows.poll_device("another")
    assert not flows.waiting


async def test_credentials_are_shown_to_people_too(stack):  # noqa: F811
    bot = await stack.machine()
    options = ("--client-id", bot.name, "--secret-file", "-")
    code, out, errors = await (await Command.begun(stack, "credentials", *options)).ended(
        bot.secret
    )
    assert (code, errors) == (0, "")
    assert f"sub: {bot.id}" in out
    assert "The user's id, the same for every client." in out
    assert bot.secret not in out


async def test_a_token_is_exchanged_after_a_sign_in(stack, tmp_path):  # noqa: F811
    app = await stack.app(
        grant_types=EXCHANGING, redirect_uris=("http://127.0.0.1:48321/callback",)
    )
    secret = tmp_path / "secret"
    secret.write_text(app.secret)
    command = await Command.begun(
        stack, "exchange", "--client-id", app.client_id, "--secret-file", str(secret),
        "--callback-port", "48321", "--no-browser", "--json",
    )  # fmt: skip
    await signed_in(stack, await command.line("http"))
    steps = await told(command)
    (exchanged,) = [step for step in steps if step["title"] == "Exchange the token"]
    assert exchanged["sent"]["subject_token"].endswith("…")
    assert exchanged["received"]["scope"] == "openid"
    assert claims(steps, "Answer of introspection")["active"]["value"] == "true"


async def test_a_key_file_proves_an_application(stack, clock, tmp_path):  # noqa: F811
    clock.time = datetime.now(UTC)
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT, grant_types=EXCHANGING)
    token = (await stack.sign_in(await stack.app(app.project_id)))["access_token"]
    key, subject = tmp_path / "key.json", tmp_path / "token"
    key.write_text(json.dumps({"keyId": app.key_id, "key": app.key, "clientId": app.client_id}))
    subject.write_text(token)
    options = ("--key-file", str(key), "--subject-token-file", str(subject), "--json")
    steps = await told(await Command.begun(stack, "exchange", *options))
    assert steps[1]["sent"]["client_assertion"].endswith("…")
    assert (steps[1]["title"], steps[1]["status"]) == ("Exchange the token", 200)


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        (("--client-id", "nobody", "--secret-file", "-"), "x", "invalid_client"),
        ((), "", "name the client"),
        (("--key-file", "-"), "{}", "it needs keyId and key"),
    ],
)
async def test_what_goes_wrong_is_said_and_ends_with_an_error(stack, options, text, said):  # noqa: F811
    code, out, errors = await (await Command.begun(stack, "credentials", *options)).ended(text)
    assert code != 0
    assert said in out + errors
    assert "Traceback" not in errors


# What a client must check itself.


@pytest.mark.parametrize("name", ["state", "iss"])
async def test_an_answer_to_another_question_is_not_redeemed(stack, name):  # noqa: F811
    flows = Flows(Talk(stack.http, stack.issuer), Client.of("x"))
    pending = Pending.new("http://127.0.0.1/callback")
    good = {"state": pending.state, "iss": stack.issuer, "code": "c"}
    with pytest.raises(WentWrongError):
        await flows.end_code(pending, {**good, name: "other"})
    assert [step.what for step in flows.talk.steps] == ["returned"]
    assert flows.talk.steps[0].received == {"refused": f"{name} not as expected"}


async def about_another(_request):
    return web.json_response({"issuer": "https://elsewhere.example"})


async def test_a_provider_that_gives_itself_another_name_is_left(stack):  # noqa: F811
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", about_another)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    flows = Flows(Talk(stack.http, f"http://127.0.0.1:{runner.addresses[0][1]}"), Client.of("x"))
    with pytest.raises(WentWrongError):
        await flows.credentials("openid")
    assert len(flows.talk.steps) == 1
    await runner.cleanup()


async def test_a_provider_that_is_not_there_is_a_step_that_failed(stack):  # noqa: F811
    flows = Flows(Talk(stack.http, "http://127.0.0.1:1"), Client.of("x"))
    with pytest.raises(WentWrongError):
        await flows.credentials("openid")
    assert flows.talk.steps[0].status == 0


async def test_nobody_who_comes_back_is_waited_for_for_ever():
    async with Loopback() as loopback:
        with pytest.raises(Exception, match="nobody came back"):
            await loopback.answer(0.01)


@pytest.mark.parametrize(
    ("claim", "kind", "text"),
    [
        ("email", "id_token", "in_id_token"), ("email", "userinfo", "by_scope"),
        ("urn:zitadel:iam:org:project:roles", "id_token", "roles"),
        ("urn:zitadel:iam:user:metadata", "userinfo", "metadata"),
        ("urn:zitadel:iam:org:id", "id_token", "organization"), ("anything", "id_token", "added"),
    ],
)  # fmt: skip
def test_a_claim_has_a_reason(claim, kind, text):
    assert why(claim, kind, ("openid",)).text == text
