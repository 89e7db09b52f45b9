from hypothesis import given
from hypothesis import strategies as st
from personae.actors.domain.kit import Refusal
from personae.actors.domain.user.values import Naming, NewPassword, Profile


def test_a_name_is_unique_in_the_instance_or_in_its_organisation():
    assert Naming("10").claim("Gigi") == "gigi"
    assert Naming("10", scoped=True).claim("Gigi") == "gigi:10"


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_of_two_organisations_never_meet(one, other):
    try:
        claims = Naming("10", scoped=True).claim(one), Naming("11", scoped=True).claim(other)
    except Refusal:
        return
    assert claims[0] != claims[1]


def test_people_are_shown_by_their_names_unless_they_chose_another():
    profile = Profile(first_name="Gigi", last_name="Giraffe")
    assert profile.shown_as == "Gigi Giraffe"
    assert Profile(first_name="Gigi", last_name="G", display_name="GG").shown_as == "GG"


def test_a_password_is_not_shown_when_printed():
    assert "s3cret" not in repr(NewPassword(plain="s3cret", encoded_hash="s3cret"))
