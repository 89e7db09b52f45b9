"""ZA-48: what people type stays a value of the filter that a directory is asked with (RFC 4515)."""

import re

import pytest
from personae.actors.domain.idp.values import Idp, IdpKind
from personae.http.identity.federation.directory import Login, person_filter

IDP = Idp(kind=IdpKind.LDAP, user_object_classes=("person",), user_filters=("uid", "mail"))
PLAIN = "(&(&(objectClass=person))(|(uid=VALUE)(mail=VALUE)))"


@pytest.mark.parametrize(
    "typed",
    [
        "*", "a*", "*)(uid=*", "a)(|(uid=*", "a))(|(objectClass=*", "(", ")", "\\", "\\2a", "&", "|",
        "a\0", "a\0)(uid=*", "\u2217", "gigi) (cn=*", "a=b", "!(uid=x)", "~=", ">=0",
    ],
)  # fmt: skip
def test_nothing_typed_is_part_of_the_filter(typed):
    made = person_filter(IDP, typed)
    values = re.findall(r"\((?:uid|mail)=([^()]*)\)", made)
    assert len(values) == 2
    assert values[0] == values[1]
    assert made == PLAIN.replace("VALUE", values[0])
    assert not set("*()\0") & set(values[0])
    assert not re.search(r"\\(?![0-9a-f]{2})", values[0])


@pytest.mark.parametrize("login", [Login("", "x"), Login("gigi", ""), Login(" ", "x")])
def test_nobody_is_asked_for_without_a_name_or_password(login):
    """A directory takes a bind without a password for one of nobody, and says yes (RFC 4513)."""
    assert not login.possible
