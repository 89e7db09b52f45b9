"""ZA-15: what people call themselves is never markup in what others are sent; ZA-06: where links lead."""

import re
from email.utils import parseaddr
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import NotificationPolicy
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.session.values import Challenges, Delivery
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.factor_commands import AddOtp
from personae.actors.domain.user.factors import Channel
from personae.actors.domain.user.values import NewContact, NewPassword, ProfileChange

from tests.aggregates.conftest import INSTANCE, human
from tests.workers.test_notifications import GRACE, words

pytestmark = pytest.mark.store
MARK = "\"'><a href=//evil.test><x9>{{.Code}}"
HEAD = "x\r\nBcc: evil@evil.test"


class Seen(HTMLParser):
    """Every tag of a page, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.tags, self.links = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in {"href", "src"}]


def seen_in(mail):
    seen = Seen()
    seen.feed(mail.get_body(("html",)).get_content())
    return seen


async def every_mail(office):
    """Have every type of mail sent to somebody whose names are markup."""
    names = ProfileChange(first_name=MARK, last_name=MARK, nick_name=MARK, display_name=MARK)
    await office.send(
        ChangePolicy(instance_id=INSTANCE, policy=NotificationPolicy(password_change=True))
    )
    await office.send(UpdateHuman(user_id=GRACE, profile=names, user_name=MARK))
    await office.send(UpdateHuman(user_id=GRACE, email=NewContact(value="grace@navy.test")))
    await office.work()
    await office.send(
        UpdateHuman(user_id=GRACE, email=NewContact(value="g@navy.test", verified=True))
    )
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.send(c.LinkPasskeyRegistration(user_id=GRACE, code_id=MARK))
    await office.work()
    await office.send(UpdateHuman(user_id=GRACE, password=NewPassword(plain="Other-Horse-2")))
    await office.send(AddOtp(user_id=GRACE, channel=Channel.EMAIL))
    await office.send(
        AddSession(
            session_id="s1", instance_id=INSTANCE, token_id="1", checks=Checks(user_id=GRACE),
            challenges=Challenges(otp_email=Delivery()),
        )
    )  # fmt: skip
    await office.send(human("23", "new@else.test", password=None))
    await office.send(UpdateHuman(user_id="23", profile=names))
    await office.send(c.Invite(user_id="23", application_name=MARK))
    await office.work()


async def test_no_name_is_markup_in_any_mail_and_every_link_leads_here(office, mailbox):
    await office.mail_by(mailbox)
    await every_mail(office)
    assert len(mailbox.got) >= 6
    plain = seen_in(mailbox.got[0]).tags - {"a"}
    for mail in mailbox.got:
        seen = seen_in(mail)
        assert seen.tags - {"a"} <= plain, mail["Subject"]
        for link in seen.links:
            assert (urlsplit(link).scheme, urlsplit(link).hostname) == ("https", "localhost")
        for line in words(mail).splitlines():
            if line.startswith("http"):
                assert urlsplit(line).hostname == "localhost", line
        assert not re.search(r"[\r\n]", mail["Subject"])


async def test_no_name_becomes_a_header(office, mailbox):
    await office.mail_by(mailbox)
    names = ProfileChange(first_name=HEAD, last_name=HEAD, display_name=HEAD)
    await office.send(UpdateHuman(user_id=GRACE, profile=names))
    await office.send(c.ResetPassword(user_id=GRACE))
    await office.send(human("23", "new@else.test", password=None))
    await office.send(c.Invite(user_id="23", application_name=HEAD))
    await office.work()
    assert len(mailbox.got) == 2
    for mail in mailbox.got:
        assert "Bcc" not in mail
        assert parseaddr(mail["To"])[1] in {"22@x.test", "23@x.test"}
