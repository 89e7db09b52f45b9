"""What is on the Internet and what only looks like it, in every spelling of IPv4 within IPv6."""

import pytest
from personae.actors.domain.addresses import is_public

INTERNET = ["9.9.9.9", "192.31.196.1", "2620:fe::fe", "::ffff:8.8.8.8", "64:ff9b::808:808"]
OWN = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16",
    "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:168.63.129.16",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::80ff:fffe", "2001:db8::1", "fe80::1", "fe80::1%lo",
    "fec0::1", "fd00:ec2::254", "ff02::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INTERNET)
def test_the_internet_may_be_called(address):
    assert is_public(address)


@pytest.mark.parametrize("address", OWN)
def test_one_s_own_network_may_not(address):
    assert not is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_what_is_no_address_is_not_taken_for_one(text):
    with pytest.raises(ValueError, match="address"):
        is_public(text)
