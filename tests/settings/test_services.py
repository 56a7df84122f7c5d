"""Services: what they share, what they must not share, and what they are called in ECS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.core.service import EcsService, Service
from wakeproxy.settings import Settings, load_settings

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]


def _services(settings: Settings) -> dict[str, Service]:
    return {str(service.name): service for service in settings.services}


def test_defaults_are_laid_under_each_service_key_by_key(load: Load) -> None:
    services = _services(
        load("""
defaults: {port: 80, ready: {path: /up, status: 200}, ignore: {paths: [/a]}}
services:
  shop: {hosts: [shop.example.com], ready: {path: /ok}, ignore: {paths: [/b]}}
  blog: {hosts: [blog.example.com], port: 81, ready: {path: null}}
""")
    )
    shop, blog = services["shop"], services["blog"]
    assert (shop.port, shop.ready.path, shop.ready.highest, shop.ignore.paths) == (80, "/ok", 200, ("/b",))
    assert (blog.port, blog.ready.path, blog.ready.highest, blog.ignore.paths) == (81, None, 200, ("/a",))


def test_a_path_that_cannot_be_read_takes_no_route(find: Find) -> None:
    text = "services: {a: {hosts: [a.example.com]}, b: {hosts: [a.example.com], path: blog, ecs: x}}"
    (finding,) = find(text)
    assert 'services.b.path: "blog" does not begin with "/"' in finding


def test_an_ecs_service_that_cannot_be_read_is_nobodys(find: Find) -> None:
    text = "services: {a: {hosts: [a.example.com], ecs: 'x y'}, b: {hosts: [b.example.com], ecs: a}}"
    (finding,) = find(text)
    assert "services.a.ecs" in finding


def test_a_theme_that_is_not_there_is_told_once(find: Find) -> None:
    text = "defaults: {theme: clam}\nservices: {a: {hosts: [a.example.com]}, b: {hosts: [b.example.com]}}"
    (finding,) = find(text)
    assert finding.startswith("wakeproxy.yaml:1: defaults.theme: ")


def test_a_wrong_default_is_told_once(find: Find) -> None:
    text = "defaults: {port: x}\nservices: {a: {hosts: [a.example.com]}, b: {hosts: [b.example.com]}}"
    assert find(text) == ('wakeproxy.yaml:1: defaults.port: "x" is no whole number; write digits only, like 8080.',)


@pytest.mark.parametrize(
    ("ecs", "expected"),
    [
        ("", EcsService("apps", "shop")),
        ("ecs: front", EcsService("apps", "front")),
        ("ecs: other/front", EcsService("other", "front")),
        ("ecs: arn:aws:ecs:eu-west-1:123456789012:service/other/front", EcsService("other", "front")),
        ("ecs: arn:aws:ecs:eu-west-1:123456789012:service/front", EcsService("apps", "front")),
    ],
)
def test_the_ecs_service_that_is_meant(load: Load, ecs: str, expected: EcsService) -> None:
    text = f"aws: {{cluster: apps}}\nservices:\n  shop:\n    hosts: [a.example.com]\n    {ecs}\n"
    assert load(text).services[0].ecs == expected


def test_a_cluster_may_be_an_arn(load: Load) -> None:
    text = (
        "aws: {cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/apps'}\nservices: {shop: {hosts: [a.example.com]}}"
    )
    assert load(text).aws.cluster == "apps"
    assert load(text).services[0].ecs == EcsService("apps", "shop")


def test_an_arn_of_another_region_is_refused(find: Find) -> None:
    text = """\
aws:
  cluster: arn:aws:ecs:us-east-1:123456789012:cluster/apps
services:
  shop:
    hosts: [a.example.com]
    ecs: arn:aws:ecs:us-east-2:123456789012:service/apps/shop
"""
    assert find(text) == (
        "wakeproxy.yaml:2: aws.cluster: is in region us-east-1, but aws.region is eu-west-1.",
        "wakeproxy.yaml:6: services.shop.ecs: is in region us-east-2, but aws.region is eu-west-1.",
    )


def test_a_name_that_ecs_does_not_allow_needs_ecs(load: Load, find: Find) -> None:
    (finding,) = find("services: {shop.v2: {hosts: [a.example.com]}}")
    assert finding.endswith("services.shop.v2: has a name no ECS service can have; say which is meant with ecs.")
    assert load("services: {shop.v2: {hosts: [a.example.com], ecs: shop}}").services[0].name == "shop.v2"


def test_two_names_for_one_ecs_service_are_refused(find: Find) -> None:
    text = "services:\n  shop: {hosts: [a.example.com]}\n  api: {hosts: [b.example.com], ecs: default/shop}\n"
    (finding,) = find(text)
    assert finding == (
        "wakeproxy.yaml:3: services.api: is ECS service default/shop, and so is services.shop (wakeproxy.yaml:2);"
        " give one of them all hosts."
    )


def test_two_services_on_one_route_are_refused_naming_both(find: Find) -> None:
    text = """\
services:
  shop: {hosts: [a.example.com, "*.example.com"], path: /v1}
  blog: {hosts: [b.example.com, A.example.com], path: /v1/}
"""
    (finding,) = find(text)
    assert finding == (
        "wakeproxy.yaml:3: services.blog: a.example.com/v1 already leads to services.shop (wakeproxy.yaml:2);"
        " change host or path."
    )


def test_one_host_may_have_services_by_path_and_by_wildcard(load: Load) -> None:
    text = """
services:
  shop: {hosts: [a.example.com]}
  blog: {hosts: [a.example.com], path: /blog}
  rest: {hosts: ["*.a.example.com"]}
"""
    assert len(load(text).services) == 3


def test_a_host_written_twice_is_one_host(load: Load) -> None:
    assert len(load("services: {shop: {hosts: [a.example.com, A.example.com]}}").services[0].hosts) == 1


def test_a_service_without_hosts_is_told_how_to_get_one(find: Find) -> None:
    (finding,) = find("services:\n  shop:\n")
    assert finding == (
        "wakeproxy.yaml:2: services.shop: has no hosts, so nobody could reach it; write them like"
        " hosts: [shop.example.com], or let another service need it."
    )


def test_a_single_host_needs_no_brackets(load: Load) -> None:
    assert load("services: {shop: {hosts: a.example.com}}") == load("services: {shop: {hosts: [a.example.com]}}")


@pytest.mark.parametrize("text", ["2048", "no", "2024-01-01", "1:30", "'null'"])
def test_a_name_is_shown_as_it_was_written(load: Load, text: str) -> None:
    service = load(f"services: {{shop: {{hosts: [a.example.com], display_name: {text}}}}}").services[0]
    assert service.title == text.strip("'")


def test_a_folder_beside_the_file_is_a_theme(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    path = tmp_path / "wakeproxy.yaml"
    text = """
services:
  shop: {hosts: [a.example.com], theme: ./calm}
  blog: {hosts: [b.example.com], theme: calm}
"""
    path.write_text(text, encoding="utf-8")
    services = _services(load_settings(path, environ={"AWS_REGION": "eu-west-1"}))
    assert (services["shop"].theme, services["blog"].theme) == (str(tmp_path / "calm"), "calm")


@pytest.mark.parametrize("theme", ["wakeproxy.yaml", "nowhere", "ä" * 199])
def test_what_is_no_folder_is_no_theme(find: Find, theme: str) -> None:
    (finding,) = find(f"services: {{shop: {{hosts: [a.example.com], theme: {theme}}}}}")
    assert "neither a built-in theme (calm, terminal, plain) nor a folder here" in finding


@pytest.mark.parametrize(
    ("key", "least", "below"),
    [
        ("idle_after", "1s", "999ms"),
        ("wake_timeout", "1s", "999ms"),
        ("hold_for", "0s", None),
        ("ready: {every", "10ms", "9ms"),
        ("ready: {timeout", "10ms", "9ms"),
        ("port", "1", "0"),
        ("desired_count", "1", "0"),
    ],
)
def test_the_least_a_key_takes(find: Find, key: str, least: str, below: str | None) -> None:
    assert find(_shop(key, least)) == ()
    if below is not None:
        (finding,) = find(_shop(key, below))
        assert f'"{below}" is below {least}, the least' in finding


@pytest.mark.parametrize(
    ("key", "most", "above"),
    [
        ("hold_for", "5m", "5m1ms"),
        ("wake_timeout", "1h", "1h1s"),
        ("ready: {every", "1m", "61s"),
        ("port", "65535", "65536"),
    ],
)
def test_the_most_a_key_takes(find: Find, key: str, most: str, above: str) -> None:
    assert find(_shop(key, most)) == ()
    (finding,) = find(_shop(key, above))
    assert f'"{above}" is above {most}, the most' in finding


def _shop(key: str, value: str) -> str:
    return f"services: {{shop: {{hosts: [a.example.com], {key}: {value}{'}' * key.count('{')}}}}}"
