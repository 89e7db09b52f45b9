"""What people are sent, over a real mail server and a real endpoint, from the log that counts."""

import asyncio
import hashlib
import hmac
import json
import ssl
from urllib.parse import parse_qs, urlsplit

import pytest
from personae.actors.domain.instance.commands import ActivateLabel, ChangePolicy
from personae.actors.domain.instance.provider import Provider, ProviderKind
from personae.actors.domain.policies import LabelPolicy, NotificationPolicy
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.session.values import Challenges, Delivery
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.factor_commands import AddOtp
from personae.actors.domain.user.factors import Channel as Factor
from personae.actors.domain.user.values import NewContact, NewPassword, ProfileChange
from personae.actors.workers.notifications import LEASE
from personae.actors.workers.outbound import Outbound

from tests.aggregates.conftest import INSTANCE, PASSWORD, human

pytestmark = pytest.mark.store
GRACE = "22"


def words(mail):
    return mail.get_body(("plain",)).get_content()


def link(mail):
    """Return the address in a mail, the same in both of its parts, taken apart."""
    (found,) = [line for line in words(mail).splitlines() if line.startswith("http")]
    assert found.replace("&", "&amp;") in mail.get_body(("html",)).get_content()
    parts = urlsplit(found)
    return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}


async def test_an_address_is_verified_by_the_code_of_a_mail(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(UpdateHuman(user_id=GRACE, email=NewContact(value="grace@navy.test")))
    await office.work()
    (mail,) = mailbox.got
    assert mail["To"] == "grace@navy.test"
    assert mail["From"] == "ACME Łódź <id@acme.test>"
    assert mail["Subject"] == "Confirm your e-mail address"
    assert mailbox.logins == [(b"robot", b"mail-secret")]
    assert mailbox.encrypted == [True]
    path, query = link(mail)
    assert (path, query["user"]) == ("/ui/login/verify", GRACE)
    assert f"Your code is {query['code']}." in words(mail)
    await office.send(c.VerifyEmail(user_id=GRACE, code=query["code"]))
    found = await office.events("user", GRACE)
    assert found[-2:] == ["user.human.email.code.sent", "user.human.email.verified"]
    assert office.counts == [("verify_email", "email", "sent")]
    assert await office.waiting() == 0


async def test_a_password_is_reset_by_mail_in_the_language_of_the_user(office, mailbox):
    await office.mail_by(mailbox)
    german = UpdateHuman(user_id=GRACE, profile=ProfileChange(preferred_language="de"))
    await office.send(german)
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work()
    (mail,) = mailbox.got
    assert mail["Subject"] == "Neues Passwort setzen"
    assert words(mail).startswith("Guten Tag Gigi Giraffe,")
    assert "für 1 Stunde" in words(mail)
    path, query = link(mail)
    assert path == "/ui/login/password/set"
    policy = NotificationPolicy(password_change=True)
    await office.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    order = UpdateHuman(
        user_id=GRACE, password=NewPassword(plain="Other-Horse-2"), password_code=query["code"]
    )
    await office.send(order)
    await office.work()
    assert mailbox.got[1]["Subject"] == "Ihr Passwort wurde geändert"
    assert (await office.events("user", GRACE))[-1] == "user.human.password.change.sent"


async def test_a_template_of_the_request_shapes_the_link(office, mailbox):
    await office.mail_by(mailbox)
    template = "https://shop.test/r?u={{ .UserID }}&c={{.Code}}&o={{.OrgID}}&l={{.LoginName}}"
    await office.send(c.ResetPassword(user_id=GRACE, url_template=template))
    await office.work()
    path, query = link(mailbox.got[0])
    assert path == "/r"
    assert (query["u"], query["o"], query["l"]) == (GRACE, "10", "grace")
    assert query["c"] in words(mailbox.got[0])


async def test_invitation_passkey_and_new_name(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(human("23", "new@else.test", password=None))
    await office.send(c.Invite(user_id="23", application_name="Shop <b>"))
    await office.send(c.LinkPasskeyRegistration(user_id="23", code_id="7"))
    await office.work()
    by_subject = {mail["Subject"]: mail for mail in mailbox.got}
    invited, passkey = by_subject["You are invited to Shop <b>"], by_subject["Add a passkey"]
    assert "Shop <b>" not in invited.get_body(("html",)).get_content()
    assert link(invited)[0] == "/ui/login/invite"
    path, query = link(passkey)
    assert (path, query["codeId"]) == ("/ui/login/passkey/add", "7")
    found = await office.events("user", "23")
    assert "user.human.invite.code.sent" in found
    assert found[-1] == "user.human.passwordless.initialization.code.sent"


async def test_one_time_codes_of_sessions_go_by_mail_and_by_twilio(office, mailbox, endpoint):
    await office.mail_by(mailbox)
    twilio = Provider(
        kind=ProviderKind.TWILIO, endpoint=endpoint.url, sender="+4930123", user="AC1"
    )
    await office.sms_by(twilio, "token")
    phone = NewContact(value="+491701234567", verified=True)
    await office.send(UpdateHuman(user_id=GRACE, phone=phone))
    for channel in (Factor.SMS, Factor.EMAIL):
        await office.send(AddOtp(user_id=GRACE, channel=channel))
    asked = Challenges(otp_sms=Delivery(), otp_email=Delivery())
    order = AddSession(
        session_id="s1",
        instance_id=INSTANCE,
        token_id="t",
        checks=Checks(user_id=GRACE, password=PASSWORD),
        challenges=asked,
    )
    await office.send(order)
    await office.work()
    (mail,) = mailbox.got
    assert mail["Subject"].endswith("is your code to sign in")
    ((path, _, body),) = endpoint.calls
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert endpoint.login == ("Basic", "AC1:token")
    form = parse_qs(body.decode())
    assert (form["To"], form["From"]) == (["+491701234567"], ["+4930123"])
    assert "is your code to sign in at Test. It is good for 5 minutes." in form["Body"][0]
    assert sorted((await office.events("session", "s1"))[-2:]) == [
        "session.otp.email.sent",
        "session.otp.sms.sent",
    ]


async def test_an_endpoint_is_told_in_json_and_can_tell_that_it_was_us(office, endpoint):
    await office.sms_by(Provider(kind=ProviderKind.HTTP, endpoint=f"{endpoint.url}/sms"), "key")
    await office.send(UpdateHuman(user_id=GRACE, phone=NewContact(value="+491701234567")))
    await office.work()
    ((_, headers, body),) = endpoint.calls
    stamp, _, proof = headers["ZITADEL-Signature"].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + body
    assert proof == hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert told["contextInfo"]["recipientPhoneNumber"] == "+491701234567"
    assert told["contextInfo"]["eventType"] == "user.human.phone.code.added"
    assert told["templateData"]["text"].startswith(told["args"]["code"])
    await office.send(c.VerifyPhone(user_id=GRACE, code=told["args"]["code"]))


async def test_a_running_worker_sends_what_was_left_and_what_happens(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(c.ResetPassword(user_id=GRACE))
    worker = office.worker()
    office.dispatch.world.log.on_committed.append(worker.heard)
    running = asyncio.create_task(worker.run())
    for number in range(1, 4):
        async with asyncio.timeout(5):
            while len(mailbox.got) < number:  # noqa: ASYNC110 — a mail server has no event
                await asyncio.sleep(0.01)
        await office.send(c.ResetPassword(user_id=GRACE))
    running.cancel()


async def test_what_fails_is_tried_again_until_the_code_is_over(office, mailbox):
    await office.mail_by(mailbox)
    mailbox.refusals += ["451 later"] * 99
    await office.send(c.ResetPassword(user_id=GRACE))
    for seconds in (0, 5, 15, 60, 180, 600, 1800):
        office.clock.pass_(seconds=seconds)
        await office.work()
    assert [result for *_, result in office.counts] == ["failed"] * 6 + ["given_up"]
    assert await office.waiting() == 0
    assert "user.human.password.code.sent" not in await office.events("user", GRACE)


async def test_a_mail_server_that_comes_back_gets_the_mail_once(office, mailbox):
    await office.mail_by(mailbox)
    mailbox.refusals.append("451 later")
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work()
    await office.work()
    assert mailbox.got == []  # not before its time
    office.clock.pass_(seconds=6)
    for _ in range(3):
        await office.work()
    assert len(mailbox.got) == 1


async def test_a_refused_recipient_is_given_up_at_once(office, mailbox):
    await office.mail_by(mailbox)
    mailbox.refusals.append("550 no such mailbox")
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work()
    assert office.counts == [("password_reset", "email", "given_up")]
    assert await office.waiting() == 0


async def test_two_processes_and_a_restart_send_once(office, mailbox):
    await office.mail_by(mailbox)
    for _ in range(5):
        await office.send(c.ResetPassword(user_id=GRACE))
        workers = [office.worker(), office.worker()]
        await asyncio.gather(*(office.work(worker) for worker in workers))
    await office.database.run("UPDATE workers SET position = 0")  # as after an old backup
    office.clock.pass_(minutes=3)
    await office.work()
    assert len(mailbox.got) == 5
    assert await office.waiting() == 0


async def test_a_process_that_died_before_sending_is_followed_by_another(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(c.ResetPassword(user_id=GRACE))
    dying = office.worker()
    await dying.collect(INSTANCE)
    (job,) = await dying._outbox.due(office.clock(), 10)
    assert await dying._outbox.take(job, office.clock() + LEASE)
    await office.work()
    assert mailbox.got == []
    office.clock.pass_(minutes=3)
    await office.work()
    assert len(mailbox.got) == 1


@pytest.mark.parametrize("used", ["replaced", "returned", "entered", "expired", "address changed"])
async def test_a_code_that_counts_no_more_is_not_sent(office, mailbox, used):
    await office.mail_by(mailbox)
    worker = office.worker()
    order = c.ResetPassword(user_id=GRACE, return_code=used == "returned")
    await office.send(order)
    await worker.collect(INSTANCE)
    if used == "replaced":
        await office.send(c.ResetPassword(user_id=GRACE, return_code=True))
    elif used == "entered":
        await office.send(UpdateHuman(user_id=GRACE, password=NewPassword(plain="Other-Horse-2")))
    elif used == "expired":
        office.clock.pass_(hours=1)
    elif used == "address changed":
        await office.send(
            UpdateHuman(user_id=GRACE, email=NewContact(value="b@x.test", verified=True))
        )
    await office.work(worker)
    assert mailbox.got == []
    assert await office.waiting() == 0


async def test_without_a_provider_nothing_fails_and_it_can_be_seen(office, caplog):
    await office.send(c.ResetPassword(user_id=GRACE))
    done = await office.send(c.ResetPassword(user_id=GRACE, return_code=True))
    await office.work()
    assert office.counts == [("password_reset", "email", "no_provider")]
    assert "no provider for email: 1 password_reset not sent" in caplog.text
    assert done.secrets["code"] not in caplog.text
    assert await office.waiting() == 0


async def test_a_long_history_is_not_told_of(office, mailbox):
    policy = NotificationPolicy(password_change=True)
    await office.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.send(UpdateHuman(user_id=GRACE, password=NewPassword(plain="Other-Horse-2")))
    office.clock.pass_(days=1)
    await office.work()
    assert office.counts == []
    await office.mail_by(mailbox)
    await office.database.run("UPDATE workers SET position = 0")
    await office.work()
    assert mailbox.got == []


async def test_certificates_and_encryption_are_insisted_on(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work(office.worker(tls=ssl.create_default_context()))
    assert (mailbox.got, mailbox.logins) == ([], [])
    assert office.counts == [("password_reset", "email", "failed")]


async def test_our_own_network_is_not_reached_unless_the_operator_says_so(office, mailbox):
    await office.mail_by(mailbox)
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work(office.worker(outbound=Outbound()))
    assert mailbox.got == []
    office.clock.pass_(seconds=6)
    trusted = frozenset({f"127.0.0.1:{mailbox.port}"})
    await office.work(office.worker(outbound=Outbound(), trusted=trusted))
    assert len(mailbox.got) == 1


async def test_mails_wear_the_colours_of_the_organisation(office, mailbox):
    await office.mail_by(mailbox)
    label = LabelPolicy(primary_color="#ffdd00", background_color="#102030")
    await office.send(ChangePolicy(instance_id=INSTANCE, policy=label))
    await office.send(ActivateLabel(instance_id=INSTANCE))
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.work()
    html = mailbox.got[0].get_body(("html",)).get_content()
    assert "background:#ffdd00;color:#000000" in html
    assert "background:#102030;color:#ffffff" in html
