"""Which header fields pass through a proxy, which are dropped, and which are added (RFC 9110, 7.6; RFC 7239)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Field = tuple[str, str]

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded"})
_NEVER_NAMED = frozenset({"host", "content-length", "content-type"})
"""What a ``Connection`` field cannot take away: the message would mean something else without it."""


@dataclass(frozen=True, slots=True)
class Hop:
    """How a request reached us; ``is_trusted`` when the peer is a proxy whose word is believed."""

    peer: str
    scheme: str
    host: str
    port: int
    is_trusted: bool = False


def pass_request(fields: Sequence[Field], hop: Hop) -> list[Field]:
    """Choose the fields that go on to the app, in their order, and add who asked."""
    kept = [field for field in _without_hop_by_hop(fields) if field[0].lower() not in _OURS | {"expect"}]
    return kept + _forwarded(fields, hop) + [("Via", "1.1 wakeproxy")]


def pass_upgrade(fields: Sequence[Field], hop: Hop) -> list[Field]:
    """Choose the fields of a request that asks for another protocol, which both sides must agree on."""
    upgrade = next((value for name, value in fields if name.lower() == "upgrade"), "")
    return [*pass_request(fields, hop), ("Connection", "Upgrade"), ("Upgrade", upgrade)]


def pass_response(fields: Sequence[Field]) -> list[Field]:
    """Choose the fields of the app's answer that go back to the visitor."""
    return list(_without_hop_by_hop(fields))


def _without_hop_by_hop(fields: Sequence[Field]) -> Iterable[Field]:
    named = {
        name.strip().lower() for key, value in fields if key.lower() == "connection" for name in value.split(",")
    } - _NEVER_NAMED
    dropped = _HOP_BY_HOP | named
    return (field for field in fields if field[0].lower() not in dropped)


def _forwarded(fields: Sequence[Field], hop: Hop) -> list[Field]:
    """Say who asked: a trusted proxy's own word with the proxy added, or only what we see ourselves."""
    told = {name.lower(): value for name, value in fields} if hop.is_trusted else {}
    before = [value for name, value in fields if hop.is_trusted and name.lower() == "x-forwarded-for"]
    elements = [value for name, value in fields if hop.is_trusted and name.lower() == "forwarded"]
    proto = told.get("x-forwarded-proto", hop.scheme)
    host = told.get("x-forwarded-host", hop.host)
    element = f'for={_node(hop.peer)};host="{hop.host}";proto={hop.scheme}'
    return [
        ("X-Forwarded-For", ", ".join([*before, hop.peer])),
        ("X-Forwarded-Proto", proto),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Port", told.get("x-forwarded-port", str(hop.port))),
        ("Forwarded", ", ".join([*elements, element])),
    ]


def _node(address: str) -> str:
    return f'"[{address}]"' if ":" in address else address
