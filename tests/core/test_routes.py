from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import a_service
from wakeproxy.core.names import Host, ServiceName, parse_host_pattern
from wakeproxy.core.routes import Routes, build_routes
from wakeproxy.core.service import Service


def routed(name: str, *patterns: str, path: str = "/") -> Service:
    return a_service(name=ServiceName(name), hosts=tuple(map(parse_host_pattern, patterns)), path=path)


ROUTES = build_routes(
    [
        routed("root", "example.com"),
        routed("api", "example.com", path="/api"),
        routed("api-v2", "example.com", path="/api/v2/"),
        routed("below", "*.example.com"),
        routed("below-api", "*.example.com", path="/api"),
        routed("deep", "*.shop.example.com"),
        routed("shop", "shop.example.com", path="/only"),
        routed("twice", "one.test", "two.test"),
    ]
)


def name_at(routes: Routes, host: str, path: str) -> str | None:
    found = routes.match(Host(host), path)
    return found.name if found else None


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("example.com", "/", "root"),
        ("example.com", "", "root"),
        ("example.com", "*", "root"),
        ("example.com", "/other", "root"),
        ("example.com", "/api", "api"),
        ("example.com", "/api/", "api"),
        ("example.com", "/api/x", "api"),
        ("example.com", "/api?q=1", "api"),
        ("example.com", "/api/v2", "api-v2"),
        ("example.com", "/api/v2/x", "api-v2"),
        ("example.com", "/api/v20", "api"),
        ("example.com", "/apiary", "root"),
        ("example.com", "/API", "root"),
        ("example.com", "/api%2Fv2", "root"),
        ("a.example.com", "/", "below"),
        ("a.b.example.com", "/", "below"),
        ("a.example.com", "/api/x", "below-api"),
        ("a.shop.example.com", "/", "deep"),
        ("a.shop.example.com", "/api/x", "deep"),
        ("shop.example.com", "/only/x", "shop"),
        ("shop.example.com", "/", "below"),
        ("one.test", "/", "twice"),
        ("two.test", "/", "twice"),
        ("notexample.com", "/", None),
        ("com", "/", None),
        ("example.com.evil", "/", None),
        ("unknown.test", "/", None),
        ("[::1]", "/", None),
    ],
)
def test_the_most_specific_route_wins(host: str, path: str, name: str | None) -> None:
    assert name_at(ROUTES, host, path) == name


def test_a_prefix_alone_leaves_the_rest_of_its_host_unrouted() -> None:
    routes = build_routes([routed("api", "example.com", path="/api")])

    assert name_at(routes, "example.com", "/") is None


def test_a_wildcard_does_not_match_the_host_it_stands_below() -> None:
    routes = build_routes([routed("below", "*.example.com")])

    assert name_at(routes, "example.com", "/") is None


def test_without_services_nothing_is_routed() -> None:
    assert name_at(build_routes([]), "example.com", "/") is None


HOSTS = st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "test", "x.test"])
PATTERNS = st.builds(lambda host, star: ("*." if star else "") + host, HOSTS, st.booleans())
SEGMENTS = st.sampled_from(["a", "b", "ab", ""])
PATHS = st.lists(SEGMENTS, max_size=3).map(lambda segments: "/" + "/".join(segments))
SERVICES = st.lists(st.builds(lambda pattern, path: routed("x", pattern, path=path), PATTERNS, PATHS), max_size=8).map(
    lambda services: [replace(one, name=ServiceName(f"s{number}")) for number, one in enumerate(services)]
)


def rank(service: Service, host: str, path: str) -> tuple[bool, int, int] | None:
    """How specifically a service matches, by the words of the module's docstring; ``None`` when not at all."""
    pattern = service.hosts[0]
    prefix = service.path.rstrip("/").split("/")[1:]
    fits_host = host.endswith("." + pattern.host) if pattern.wildcard else host == pattern.host
    if not fits_host or path.split("/")[1:][: len(prefix)] != prefix:
        return None
    return not pattern.wildcard, len(pattern.host), len(service.path.rstrip("/"))


@given(SERVICES, HOSTS, PATHS)
def test_a_match_is_never_less_specific_than_another_that_fits(services: list[Service], host: str, path: str) -> None:
    found = build_routes(services).match(Host(host), path)
    ranks = [found_rank for one in services if (found_rank := rank(one, host, path)) is not None]

    assert (None if found is None else rank(found, host, path)) == max(ranks, default=None)


@given(SERVICES, HOSTS, PATHS, st.randoms(use_true_random=False))
def test_the_order_of_services_with_different_routes_does_not_matter(
    services: list[Service], host: str, path: str, chance: Random
) -> None:
    distinct = list({(str(one.hosts[0]), one.path.rstrip("/")): one for one in services}.values())
    shuffled = chance.sample(distinct, len(distinct))

    assert build_routes(distinct).match(Host(host), path) == build_routes(shuffled).match(Host(host), path)
