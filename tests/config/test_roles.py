import pytest
from personae.config.roles import Roles, expanded

ROLES = Roles.load()
COUNTS = {
    "SYSTEM_OWNER": 17, "SYSTEM_OWNER_VIEWER": 5, "IAM_OWNER": 95, "IAM_OWNER_VIEWER": 34,
    "IAM_ORG_MANAGER": 57, "IAM_USER_MANAGER": 26, "IAM_ADMIN_IMPERSONATOR": 2,
    "IAM_END_USER_IMPERSONATOR": 1, "ORG_OWNER": 55, "IAM_LOGIN_CLIENT": 34, "ORG_USER_MANAGER": 17,
    "ORG_OWNER_VIEWER": 19, "ORG_SETTINGS_MANAGER": 12, "ORG_USER_PERMISSION_EDITOR": 14,
    "ORG_PROJECT_PERMISSION_EDITOR": 16, "ORG_PROJECT_CREATOR": 4, "ORG_ADMIN_IMPERSONATOR": 2,
    "ORG_END_USER_IMPERSONATOR": 1, "PROJECT_OWNER": 26, "PROJECT_OWNER_VIEWER": 11,
    "SELF_MANAGEMENT_GLOBAL": 3, "ORG_USER_SELF_MANAGER": 2, "PROJECT_OWNER_GLOBAL": 19,
    "PROJECT_OWNER_VIEWER_GLOBAL": 10, "PROJECT_GRANT_OWNER": 13, "PROJECT_GRANT_OWNER_VIEWER": 8,
}  # fmt: skip


def test_each_role_permits_as_much_as_published():
    assert {name: len(permissions) for name, permissions in ROLES.by_name.items()} == COUNTS


def test_there_are_26_roles_and_118_permissions():
    assert len(ROLES.by_name) == 26
    assert len(frozenset().union(*ROLES.by_name.values())) == 118


def test_system_users_may_hold_9_roles_with_115_permissions():
    assert len(ROLES.system) == 9
    assert len(frozenset().union(*map(ROLES.permissions, ROLES.system))) == 115


def test_an_organisation_owner_lacks_two_permissions_of_the_manager():
    lacking = ROLES.permissions("IAM_ORG_MANAGER") - ROLES.permissions("ORG_OWNER")
    assert lacking == {"org.create", "project.app.delete"}


def test_an_unknown_role_permits_nothing():
    assert ROLES.permissions("NOBODY") == frozenset()


@pytest.mark.parametrize(
    ("prefix", "number"),
    [("SYSTEM_", 2), ("IAM_", 7), ("ORG_", 10), ("PROJECT_", 4), ("PROJECT_GRANT_", 2)],
)
def test_a_role_is_offered_at_its_own_level_only(prefix, number):
    offered = ROLES.roles_for_level(prefix)
    assert len(offered) == number
    assert all(role.startswith(prefix) for role in offered)


def test_alternatives_are_written_out():
    assert list(expanded("a.{read,write}")) == ["a.read", "a.write"]
    assert list(expanded("a.read:self")) == ["a.read:self"]
