"""What a service needs, in the order in which it must be there."""

from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import a_service
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_cycles, find_needed, find_needs, list_needs, needed_among, needs_among

_NAMES = st.sampled_from("abcdef")
_GRAPHS = st.dictionaries(_NAMES, st.lists(_NAMES, max_size=4, unique=True).map(tuple))


def _edges(**needs: str) -> Mapping[ServiceName, tuple[ServiceName, ...]]:
    return {ServiceName(name): tuple(map(ServiceName, text)) for name, text in needs.items()}


def _list(edges: Mapping[ServiceName, tuple[ServiceName, ...]], name: str) -> tuple[ServiceName, ...]:
    return list_needs(lambda one: edges.get(one, ()), ServiceName(name))


def test_a_chain_is_listed_from_its_end() -> None:
    assert _list(_edges(a="b", b="c", c=""), "a") == ("c", "b")


def test_a_diamond_lists_its_foot_once_and_first() -> None:
    assert _list(_edges(a="bc", b="d", c="d"), "a") == ("d", "b", "c")


def test_a_name_that_is_no_service_is_listed_all_the_same() -> None:
    assert _list(_edges(a="x"), "a") == ("x",)


def test_who_needs_nothing_lists_nothing() -> None:
    assert _list(_edges(a=""), "a") == ()


def test_a_chain_and_a_diamond_are_no_cycles() -> None:
    assert list(find_cycles(_edges(a="bc", b="d", c="d", d="e", e=""))) == []


def test_a_service_that_needs_itself_is_a_cycle() -> None:
    assert list(find_cycles(_edges(a="a"))) == [("a", "a")]


def test_a_cycle_is_told_once_and_as_short_as_it_is() -> None:
    assert list(find_cycles(_edges(a="b", b="ca", c="a"))) == [("a", "b", "a"), ("c", "a", "b", "c")]


def test_who_only_leads_to_a_cycle_is_none() -> None:
    assert list(find_cycles(_edges(x="a", a="b", b="a"))) == [("a", "b", "a")]


@given(_GRAPHS, _NAMES)
def test_whatever_is_needed_is_listed_once_and_never_oneself(graph: Mapping[str, tuple[str, ...]], name: str) -> None:
    edges = _edges(**{key: "".join(needs) for key, needs in graph.items()})
    listed = _list(edges, name)
    assert len(set(listed)) == len(listed)
    assert name not in listed
    assert {need for need in edges.get(ServiceName(name), ()) if need != name} <= set(listed)


@given(_GRAPHS)
def test_without_cycles_every_service_stands_after_what_it_needs(graph: Mapping[str, tuple[str, ...]]) -> None:
    edges = _edges(**{key: "".join(needs) for key, needs in graph.items()})
    cycles = list(find_cycles(edges))
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(after in edges[before] for before, after in pairwise(cycle))
    for name in edges if not cycles else ():
        order = (*_list(edges, name), name)
        assert all(order.index(need) < order.index(one) for one in order for need in edges.get(one, ()))


def _find(edges: Mapping[ServiceName, tuple[ServiceName, ...]], awake: str) -> dict[str, str]:
    found = find_needed(lambda one: edges.get(one, ()), map(ServiceName, awake))
    return {name: "".join(by) for name, by in found.items()}


def test_who_is_needed_by_those_awake_is_found_with_those_that_need_it_directly() -> None:
    assert _find(_edges(a="c", b="cd", c="e", x="y"), "ab") == {"c": "ab", "d": "b", "e": "c"}


def test_in_a_cycle_each_is_needed_once_anybody_is_awake() -> None:
    assert _find(_edges(a="b", b="a"), "a") == {"b": "a", "a": "b"}
    assert _find(_edges(a="b", b="a"), "") == {}


def test_what_is_needed_is_read_off_services_by_name_required_or_not() -> None:
    needs_of = needs_among({ServiceName("shop"): a_service(needs=("db",), needs_optional=("search",))})

    assert needs_of(ServiceName("shop")) == ("db", "search")
    assert needs_of(ServiceName("gone")) == ()


def test_services_that_one_needs_are_found_where_they_are_there() -> None:
    shop, search = a_service(name="shop", needs=("db", "search")), a_service(name="search", needs_optional=("db",))
    named = {one.name: one for one in (shop, search)}

    assert find_needs(named, shop.name) == (search,)
    assert find_needs(named, ServiceName("gone")) == ()


@given(_GRAPHS)
def test_who_needs_a_service_is_the_question_of_needs_turned_round(graph: Mapping[str, tuple[str, ...]]) -> None:
    services = (a_service(name=ServiceName(one), needs=tuple(map(ServiceName, needs))) for one, needs in graph.items())
    named = {service.name: service for service in services}
    needs, needed = needs_among(named), needed_among(named)
    edges = {(name, need) for name in named for need in needs(name)}

    assert {(name, need) for need in map(ServiceName, "abcdef") for name in needed(need)} == edges
