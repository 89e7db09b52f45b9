"""What an organisation sets for itself holds on the pages: colours, words, and who may sign in."""

import pytest
from personae.actors.domain.feature.commands import SetFeatures
from personae.actors.domain.feature.events import Level
from personae.actors.domain.instance.commands import SetLoginTranslation
from personae.actors.domain.org import commands as c
from personae.actors.domain.policies import LabelPolicy, LoginPolicy, PasswordComplexityPolicy

from tests.aggregates.conftest import INSTANCE, ORG, POLICIES
from tests.http.login.conftest import LABEL

SCOPE = f"urn:zitadel:iam:org:id:{ORG}"
GREEN = LabelPolicy(primary_color="#116633")


async def default_org(site, value):
    """Say whether pages that no organisation was asked for follow the default one."""
    values = {"login_default_org": value}
    await site.send(SetFeatures(owner_id=INSTANCE, level=Level.INSTANCE, values=values))


async def test_pages_follow_the_default_organisation_where_the_feature_says_so(browser, site):
    theirs = {"loginname": {"title": "Hello, staff"}}
    await site.send(c.SetOrgLoginTranslation(org_id=ORG, language="en", translation=theirs))
    policy = LoginPolicy(disable_login_with_email=True, disable_login_with_phone=True)
    await site.send(c.AddOrgPolicy(org_id=ORG, policy=policy))
    for address in ("/ui/login/loginname", await site.ask()):
        await default_org(site, False)
        found = (await browser.get(address)).text
        assert "Hello, staff" not in found
        assert "phone number</label>" in found
        await default_org(site, True)
        found = (await browser.get(address)).text
        assert "Hello, staff" in found
        assert ">Login name</label>" in found


async def test_colours_are_those_of_the_organisation_a_client_asks_for(browser, site):
    await default_org(site, False)
    await site.send(c.AddOrgPolicy(org_id=ORG, policy=GREEN))
    plain = await site.ask()
    theirs = await site.ask(id_="V2_2", scope=("openid", SCOPE))
    assert "#116633" not in (await browser.get(theirs)).text
    await site.send(c.ActivateOrgLabel(org_id=ORG))
    assert "#116633" in (await browser.get(theirs)).text
    found = (await browser.get(plain)).text
    assert "#116633" not in found
    assert LABEL.primary_color in found


async def test_words_are_the_instance_s_and_the_organisation_s_own(browser, site):
    await default_org(site, False)
    own = {"loginname": {"title": "Hi <b>there</b>", "label": 7}, "unknown": "x"}
    order = SetLoginTranslation(instance_id=INSTANCE, language="en", translation=own)
    await site.send(order)
    theirs = {"loginname": {"title": "Hello, staff"}}
    await site.send(c.SetOrgLoginTranslation(org_id=ORG, language="en", translation=theirs))
    plain, scoped = await site.ask(), await site.ask(id_="V2_2", scope=(SCOPE,))
    found = (await browser.get(plain)).text
    assert "Hi &lt;b&gt;there&lt;/b&gt;" in found
    assert "Login name" in found
    assert "Hello, staff" in (await browser.get(scoped)).text


async def test_an_organisation_switches_passwords_off_for_its_users(browser, site):
    await site.send(c.AddOrgPolicy(org_id=ORG, policy=LoginPolicy()))
    assert "switched off" in (await browser.sign_in()).problem


async def test_the_rules_of_the_organisation_are_shown_with_a_new_password(browser, site):
    policy = PasswordComplexityPolicy(min_length=27)
    assert POLICIES.complexity.min_length != policy.min_length
    await site.add_user(change_required=True)
    await site.send(c.AddOrgPolicy(org_id=ORG, policy=policy))
    assert "27" in (await browser.sign_in(name="grace")).text


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ("To {client}, {nobody}", "To Shop, {nobody}"),
        ("To {client.__class__}", "To {client.__class__}"),
        ("To {client:>99999999}", "To {client:&gt;99999999}"),
        ("To { {} {0} {client", "To { {} {0} {client"),
    ],
)
async def test_words_of_one_s_own_break_no_page(browser, site, own, shown):
    order = SetLoginTranslation(instance_id=INSTANCE, language="en", translation={"to_client": own})
    await site.send(order)
    page = await browser.get(await site.ask())
    assert f'<p class="client">{shown}</p>' in page.text
