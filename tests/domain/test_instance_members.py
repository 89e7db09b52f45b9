import pytest
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.members import ChangeInstanceMember, RemoveInstanceMember
from personae.actors.domain.members import MemberFacts
from personae.actors.domain.org.refusals import MEMBER_NOT_FOUND

from tests.domain.language import NOW, given

ADDED = e.InstanceAdded(name="Test")
OWNER = e.InstanceMemberAdded(user_id="20", roles=("IAM_OWNER",))
SECOND = e.InstanceMemberAdded(user_id="21", roles=("IAM_OWNER",))
FACTS = MemberFacts(now=NOW, known_roles=frozenset({"IAM_OWNER", "IAM_OWNER_VIEWER"}))
CHANGE = ChangeInstanceMember(instance_id="1", user_id="20", roles=("IAM_OWNER_VIEWER",))
REMOVE = RemoveInstanceMember(instance_id="1", user_id="20")
CASCADE = RemoveInstanceMember(instance_id="1", user_id="20", cascade=True)


def test_a_member_gets_other_roles():
    changed = e.InstanceMemberChanged(user_id="20", roles=("IAM_OWNER_VIEWER",))
    given(ADDED, OWNER, SECOND).when(CHANGE, FACTS).then(changed)
    given(ADDED, OWNER, SECOND, changed).when(CHANGE, FACTS).then_nothing()
    both = ChangeInstanceMember(
        instance_id="1", user_id="20", roles=("IAM_OWNER", "IAM_OWNER_VIEWER")
    )
    more = e.InstanceMemberChanged(user_id="20", roles=both.roles)
    given(ADDED, OWNER).when(both, FACTS).then(more)
    given(ADDED).when(CHANGE, FACTS).refuses(MEMBER_NOT_FOUND)


def test_a_member_goes():
    given(ADDED, OWNER, SECOND).when(REMOVE).then(e.InstanceMemberRemoved(user_id="20"))
    given(ADDED, OWNER).when(CASCADE).then(e.InstanceMemberCascadeRemoved(user_id="20"))
    given(ADDED).when(REMOVE).then_nothing()


def test_the_last_owner_stays_an_owner():
    given(ADDED, OWNER).when(REMOVE).refuses(refusals.LAST_OWNER)
    given(ADDED, OWNER).when(CHANGE, FACTS).refuses(refusals.LAST_OWNER)


@pytest.mark.parametrize("order", [CHANGE, REMOVE])
def test_what_is_not_there_takes_no_orders(order):
    given().when(order, FACTS).refuses(refusals.NOT_FOUND)
