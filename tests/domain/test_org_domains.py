import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import events as e
from personae.actors.domain.org import refusals
from personae.actors.domain.org.facts import DomainFacts, ProofFacts
from personae.actors.domain.org.state import ORG_DOMAINS, Validation
from personae.actors.domain.org.values import ValidationType, checked_domain
from personae.actors.domain.values import Sealed

from tests.domain.language import NOW, given, refuses, state_of

SECRET = Sealed("1", "c2VhbGVk")
ADDED = e.OrgAdded(name="ACME")
DOMAIN = e.OrgDomainAdded(domain="acme.com")
VERIFIED = e.OrgDomainVerified(domain="acme.com")
ASKED = e.OrgDomainVerificationAdded(
    domain="acme.com", validation_type=ValidationType.DNS, validation_code=SECRET
)
CLAIM = Claim(ORG_DOMAINS, "acme.com", refusals.DOMAIN_TAKEN)
ADD = c.AddOrgDomain(org_id="10", domain=" Acme.com")
REMOVE = c.RemoveOrgDomain(org_id="10", domain="acme.com")
ASK = c.AskOrgDomainProof(org_id="10", domain="acme.com", type=ValidationType.DNS)
PROOF = ProofFacts(now=NOW, code=SECRET)


def must_prove(value):
    return DomainFacts(now=NOW, must_prove=value)


def verify(*, proved=True, code=SECRET):
    asked = Validation(ValidationType.DNS, code)
    return c.VerifyOrgDomain(org_id="10", domain="acme.com", asked=asked, proved=proved)


def test_a_domain_counts_at_once_where_nobody_asks_for_proof():
    given(ADDED).when(ADD, must_prove(False)).then(DOMAIN, CLAIM, VERIFIED)
    given(ADDED).when(ADD, must_prove(True)).then(DOMAIN)
    given(ADDED, DOMAIN).when(ADD, must_prove(True)).refuses(refusals.DOMAIN_EXISTS)


@pytest.mark.parametrize("name", ["", "acme", "a b.com", "-a.com", "127.0.0.1", "[::1]", "a..b"])
def test_an_address_or_a_word_is_no_domain(name):
    with refuses(refusals.DOMAIN_INVALID):
        checked_domain(name)


def test_a_proved_domain_is_claimed():
    given(ADDED, DOMAIN).when(ASK, PROOF).then(ASKED)
    given(ADDED, DOMAIN, ASKED).when(verify()).then(CLAIM, VERIFIED)
    org = state_of("org", ADDED, DOMAIN, ASKED, VERIFIED)
    assert (org.domains, org.validations) == ({"acme.com": True}, {})


def test_a_failed_proof_is_remembered():
    failed = e.OrgDomainVerificationFailed(domain="acme.com")
    story = given(ADDED, DOMAIN, ASKED).when(verify(proved=False))
    story.refuses(refusals.DOMAIN_UNPROVED, after=(failed,))


def test_only_the_proof_that_was_asked_for_last_counts():
    other = Sealed("1", "b3RoZXI=")
    given(ADDED, DOMAIN, ASKED).when(verify(code=other)).refuses(CONTENDED)
    given(ADDED, DOMAIN).when(verify()).refuses(CONTENDED)


def test_a_verified_domain_needs_no_proof():
    for order in (ASK, verify()):
        given(ADDED, DOMAIN, VERIFIED).when(order, PROOF).refuses(refusals.DOMAIN_VERIFIED)


def test_a_domain_goes_and_frees_its_name():
    gone = e.OrgDomainRemoved(domain="acme.com", verified=True)
    given(ADDED, DOMAIN, VERIFIED).when(REMOVE).then(Release(ORG_DOMAINS, "acme.com"), gone)
    given(ADDED, DOMAIN).when(REMOVE).then(e.OrgDomainRemoved(domain="acme.com"))


def test_the_primary_domain_stays():
    primary = e.OrgPrimaryDomainSet(domain="acme.com")
    given(ADDED, DOMAIN, VERIFIED, primary).when(REMOVE).refuses(refusals.DOMAIN_PRIMARY)


@pytest.mark.parametrize("order", [REMOVE, ASK, verify()])
def test_a_domain_that_is_not_there_takes_no_orders(order):
    given(ADDED).when(order, PROOF).refuses(refusals.DOMAIN_NOT_FOUND)
    given().when(order, PROOF).refuses(refusals.NOT_FOUND)


def test_metadata_is_set_and_removed_by_key():
    one, two = (e.OrgMetadataSet(key=key, value=b"1") for key in ("a", "b"))
    order = c.SetOrgMetadata(org_id="10", entries={"a": b"1", "b": b"1"})
    given(ADDED).when(order).then(one, two)
    remove = c.RemoveOrgMetadata(org_id="10", keys=("a", "a"))
    gone = e.OrgMetadataRemoved(key="a")
    given(ADDED, one).when(remove).then(gone)
    given(ADDED, one, gone).when(remove).refuses(refusals.METADATA_NOT_FOUND)


def test_metadata_has_keys_and_an_organisation():
    nothing = c.SetOrgMetadata(org_id="10", entries={}), c.RemoveOrgMetadata(org_id="10", keys=())
    for order in nothing:
        given(ADDED).when(order).refuses(refusals.METADATA_EMPTY)
        given().when(order).refuses(refusals.NOT_FOUND)


def test_a_member_who_was_deleted_goes_by_cascade():
    member = e.OrgMemberAdded(user_id="20", roles=("ORG_OWNER",))
    order = c.RemoveOrgMember(org_id="10", user_id="20", cascade=True)
    given(ADDED, member).when(order).then(e.OrgMemberCascadeRemoved(user_id="20"))
