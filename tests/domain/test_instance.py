from dataclasses import replace

import pytest
from personae.actors.domain import policies as p
from personae.actors.domain.instance import commands as c
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.facts import InstanceMemberFacts, SetUpFacts
from personae.actors.domain.instance.state import INSTANCE_DOMAINS, Generator
from personae.actors.domain.kit import KINDS, Claim, On, Release, Stream
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.org.facts import AddOrgFacts
from personae.actors.domain.policies import Policies
from personae.actors.domain.project.commands import AddAPIApp
from personae.actors.domain.project.values import APIAuthMethod
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.commands import AddMachine, AddMachineKey, AddPersonalAccessToken
from personae.actors.domain.user.events import MachineKeyAdded, PersonalAccessTokenAdded
from personae.actors.domain.user.facts import KeyFacts
from personae.actors.domain.values import Sealed
from personae.actors.domain.web_key.commands import AddWebKey
from personae.actors.domain.web_key.events import WebKeyActivated
from personae.actors.domain.web_key.facts import KeyPairFacts

from tests.domain.language import NOW, given, naming, state_of

ADDED = e.InstanceAdded(name="Test")
ROLES = frozenset({"IAM_OWNER"})
SETUP = c.SetUpInstance(
    instance_id="1",
    name="Test",
    language="de",
    domain=" X.Test",
    policies=Policies(lockout=p.LockoutPolicy(max_password_attempts=3)),
    generators={2: Generator(6, 60, False, True, True, False)},
    org_id="10",
    org_name="ACME",
    project_id="30",
    apps=(
        AddAPIApp(
            project_id="30",
            app_id="40",
            client_id="50",
            name="API",
            auth_method=APIAuthMethod.PRIVATE_KEY_JWT,
        ),
    ),
    console_app_id="41",
    console_client_id="51",
    users=(
        c.FirstUser(
            user=AddMachine(user_id="20", org_id="10", user_name="robot", name="Robot"),
            instance_roles=("IAM_OWNER",),
            org_roles=("ORG_OWNER",),
            key=AddMachineKey(user_id="20", key_id="k"),
            token=AddPersonalAccessToken(user_id="20", token_id="t"),
        ),
        c.FirstUser(user=AddMachine(user_id="21", org_id="10", user_name="other", name="Other")),
    ),
    web_keys=tuple(AddWebKey(key_id=id_, instance_id="1", algorithm="ES256") for id_ in "ab"),
)
PAIR = KeyPairFacts(now=NOW, private_key=Sealed("1", "x"), public_key={"kty": "EC"})
FACTS = SetUpFacts(
    now=NOW,
    org=AddOrgFacts(
        now=NOW, instance_id="1", domain="acme.x.test", known_roles=frozenset({"ORG_OWNER"})
    ),
    users={"20": naming(), "21": naming()},
    keys={"20": KeyFacts(now=NOW, public_key=b"pem")},
    web_keys={"a": PAIR, "b": PAIR},
    known_roles=ROLES,
)
MEMBERS = InstanceMemberFacts(now=NOW, known_roles=ROLES)
DOMAIN = e.InstanceDomainAdded(domain="x.test")


def other_streams(story):
    """Fold what a set-up decided about other aggregates."""
    states = {}
    for each in story.decisions:
        if isinstance(each, On) and not isinstance(each.decision, Claim | Release):
            kind = KINDS[each.stream.type]
            before = states.get(each.stream, kind.initial)
            states[each.stream] = kind.evolve(before, each.decision)
    return states


def test_a_set_up_instance_knows_its_parts():
    story = given().when(SETUP, FACTS)
    events = [each for each in story.decisions if not isinstance(each, On | Claim)]
    instance = state_of("instance", *events)
    assert (instance.name, instance.language, instance.domains) == ("Test", "de", ("x.test",))
    assert (instance.default_org, instance.project_id, instance.console_client_id) == (
        "10",
        "30",
        "51",
    )
    assert instance.policies == SETUP.policies
    assert instance.generators == SETUP.generators
    assert instance.members == {"20": ("IAM_OWNER",)}


def test_a_set_up_creates_organisation_project_users_and_keys():
    states = other_streams(given().when(SETUP, FACTS))
    by_kind = {stream[1:]: state for stream, state in states.items()}
    assert by_kind["org", "10"].members == {"20": ("ORG_OWNER",)}
    assert by_kind["project", "30"].clients == {"50": "40"}
    assert set(by_kind["user", "20"].machine.keys) == {"k"}
    assert by_kind["user", "21"].exists
    assert [by_kind["web_key", id_].status.name for id_ in "ab"] == ["ACTIVE", "INITIAL"]


def test_a_set_up_claims_its_host_among_all_instances():
    claim = Claim(INSTANCE_DOMAINS, "x.test", refusals.DOMAIN_TAKEN, everywhere=True)
    given().when(SETUP, FACTS).includes(claim, DOMAIN)


def test_what_first_users_get_is_theirs():
    stream = Stream("1", "user", "20")
    given().when(SETUP, FACTS).includes(
        On(stream, MachineKeyAdded(key_id="k", public_key=b"pem"), owner="10"),
        On(stream, PersonalAccessTokenAdded(token_id="t"), owner="10"),
        On(Stream("1", "web_key", "a"), WebKeyActivated(), owner="1"),
    )


def test_an_instance_is_set_up_once():
    given(ADDED).when(SETUP, FACTS).refuses(refusals.ALREADY_EXISTS)
    given(ADDED, e.InstanceRemoved()).when(SETUP, FACTS).refuses(refusals.ALREADY_EXISTS)


def test_an_instance_may_begin_without_keys():
    order = replace(SETUP, web_keys=())
    assert not any(each[1] == "web_key" for each in other_streams(given().when(order, FACTS)))


def test_a_first_user_has_roles_of_this_level():
    stranger = replace(SETUP.users[0], instance_roles=("ORG_OWNER",))
    order = replace(SETUP, users=(stranger,))
    given().when(order, FACTS).refuses(org_refusals.ROLE_UNKNOWN)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "-",
        "-a.test",
        "a-.test",
        "a..test",
        "a_b.test",
        "a b",
        "a/b",
        "x" * 64,
        "a." * 127 + "a",
        "a.test:80",
        "ü.test",
    ],
)
def test_what_is_no_host_is_refused(host):
    order = c.AddInstanceDomain(instance_id="1", domain=host)
    given(ADDED).when(order).refuses(refusals.DOMAIN_INVALID)
    given().when(replace(SETUP, domain=host), FACTS).refuses(refusals.DOMAIN_INVALID)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "xn--4ca.test", "a-b.c", "A.TEST "])
def test_hosts_are_kept_in_lower_case(host):
    story = given(ADDED).when(c.AddInstanceDomain(instance_id="1", domain=host))
    assert story.decisions[1] == e.InstanceDomainAdded(domain=host.strip().lower())


def test_a_domain_comes_once_and_goes():
    add = c.AddInstanceDomain(instance_id="1", domain="x.test")
    primary = e.InstancePrimaryDomainSet(domain="x.test")
    given(ADDED, DOMAIN).when(add).then_nothing()
    remove = c.RemoveInstanceDomain(instance_id="1", domain="x.test")
    given(ADDED, DOMAIN).when(remove).then(
        Release(INSTANCE_DOMAINS, "x.test", everywhere=True),
        e.InstanceDomainRemoved(domain="x.test"),
    )
    given(ADDED, DOMAIN, primary).when(remove).refuses(refusals.PRIMARY_STAYS)
    gone = e.InstanceDomainRemoved(domain="x.test")
    given(ADDED, DOMAIN, gone).when(remove).refuses(refusals.DOMAIN_NOT_FOUND)


def member(*roles):
    return c.AddInstanceMember(instance_id="1", user_id="20", roles=roles or ("IAM_OWNER",))


def test_a_member_comes_once():
    added = e.InstanceMemberAdded(user_id="20", roles=("IAM_OWNER",))
    given(ADDED).when(member(), MEMBERS).then(added)
    given(ADDED, added).when(member(), MEMBERS).refuses(org_refusals.MEMBER_EXISTS)
    assert state_of("instance", ADDED, added, e.InstanceMemberRemoved(user_id="20")).members == {}


def test_members_are_users_with_roles_of_this_level():
    nobody = replace(MEMBERS, user_exists=False)
    given(ADDED).when(member(), nobody).refuses(user_refusals.NOT_FOUND)
    given(ADDED).when(member("ORG_OWNER"), MEMBERS).refuses(org_refusals.ROLE_UNKNOWN)


@pytest.mark.parametrize("history", [[], [ADDED, e.InstanceRemoved()]])
@pytest.mark.parametrize(
    "order",
    [
        c.AddInstanceDomain(instance_id="1", domain="x.test"),
        c.RemoveInstanceDomain(instance_id="1", domain="x.test"),
        member(),
    ],
)
def test_what_is_not_there_takes_no_orders(order, history):
    given(*history).when(order, MEMBERS).refuses(refusals.NOT_FOUND)


def test_state_after_what_only_histories_hold():
    instance = state_of(
        "instance",
        ADDED,
        e.InstanceChanged(name="Other"),
        e.TrustedDomainAdded(domain="a.test"),
        e.TrustedDomainAdded(domain="b.test"),
        e.TrustedDomainRemoved(domain="a.test"),
    )
    assert (instance.name, instance.trusted_domains) == ("Other", ("b.test",))


def test_an_instance_is_renamed():
    order = c.ChangeInstance(instance_id="1", name=" Other ")
    given(ADDED).when(order).then(e.InstanceChanged(name="Other"))
    given(ADDED, e.InstanceChanged(name="Other")).when(order).then_nothing()
    blank = c.ChangeInstance(instance_id="1", name=" ")
    given(ADDED).when(blank).refuses(refusals.NAME_INVALID)


def test_a_removed_instance_gives_its_domains_back():
    given(ADDED, DOMAIN).when(c.RemoveInstance(instance_id="1")).then(
        Release(INSTANCE_DOMAINS, "x.test", everywhere=True), e.InstanceRemoved(name="Test")
    )


def test_a_trusted_domain_comes_once_and_goes():
    add = c.AddTrustedDomain(instance_id="1", domain="T.test")
    remove = c.RemoveTrustedDomain(instance_id="1", domain="t.test")
    added = e.TrustedDomainAdded(domain="t.test")
    given(ADDED).when(add).then(added)
    given(ADDED, added).when(add).then_nothing()
    given(ADDED, added).when(remove).then(e.TrustedDomainRemoved(domain="t.test"))
    given(ADDED).when(remove).refuses(refusals.DOMAIN_NOT_FOUND)
