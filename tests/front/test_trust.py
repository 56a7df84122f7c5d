"""Who came, by the word of those we trust."""

from ipaddress import ip_network

import pytest

from wakeproxy.front.trust import find_client, is_trusted

OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("told", "client"),
    [
        (["198.51.100.3"], "198.51.100.3"),
        (["203.0.113.9, 198.51.100.3"], "198.51.100.3"),
        (["198.51.100.3, 10.0.0.2"], "198.51.100.3"),
        (["203.0.113.9", "198.51.100.3"], "198.51.100.3"),
        (["198.51.100.3:50123"], "198.51.100.3"),
        (["[2001:db8::7]:443, fd00::1"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["10.0.0.7"], "10.0.0.7"),
        (['198.51.100.3, "forged"'], PEER),
        (["unknown"], PEER),
        ([""], PEER),
        ([], PEER),
    ],
)
def test_the_client_is_the_last_whom_we_do_not_trust(told: list[str], client: str) -> None:
    cut = [b"Connection: close", *(f"x-forwarded-FOR: {each}".encode() for each in told)]

    assert find_client(PEER, cut, OURS) == client


def test_only_the_networks_named_are_trusted() -> None:
    assert is_trusted("10.1.2.3", OURS)
    assert not is_trusted("11.1.2.3", OURS)
    assert not is_trusted("unknown", OURS)
    assert not is_trusted("10.1.2.3", ())
