from dataclasses import replace

import pytest
from personae.actors.domain.auth_request import commands as c
from personae.actors.domain.auth_request import events as e
from personae.actors.domain.auth_request import refusals
from personae.actors.domain.auth_request.decide import PUSHED_LIFE
from personae.actors.domain.kit import Facts

from tests.domain.language import NOW, given
from tests.domain.test_auth_request import ASKED, LINK, LINKED, SIGNED_IN

PUSHED = replace(ASKED, pushed_at=NOW)
OPEN = c.OpenPushedRequest(request_id="80", client_id="50")
OPENED = e.PushedRequestOpened(made_at=NOW)


def test_a_pushed_request_is_opened_once():
    given(PUSHED).when(OPEN).then(OPENED)
    for story in ((), (ASKED,), (PUSHED, OPENED), (PUSHED, OPENED, LINKED)):
        given(*story).when(OPEN).refuses(refusals.PUSHED_INVALID)


def test_only_an_opened_one_may_be_answered():
    given(PUSHED).when(LINK, SIGNED_IN).refuses(refusals.ALREADY_HANDLED)
    given(PUSHED, OPENED).when(LINK, SIGNED_IN).includes(LINKED)


@pytest.mark.parametrize("order", [replace(OPEN, client_id="51"), OPEN])
def test_it_is_no_good_to_other_clients_nor_for_long(order):
    late = Facts(now=NOW + PUSHED_LIFE) if order is OPEN else Facts(now=NOW)
    given(PUSHED).when(order, late).refuses(refusals.PUSHED_INVALID)
