"""Services of the file and services found by their tags, side by side."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService, Ready
from wakeproxy.ports import Tagged
from wakeproxy.settings import Settings, arrange

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]


def tagged(name: str, *, cluster: str = "apps", **tags: str) -> Tagged:
    """An ECS service that opts in, at ``NAME.test`` unless said otherwise."""
    given = {"enable": "true", "hosts": f"{name}.test"} | {key.replace("_", "-"): value for key, value in tags.items()}
    return Tagged(EcsService(cluster, name), {f"wakeproxy:{key}": value for key, value in given.items() if value})


@pytest.fixture
def settings(load: Load) -> Settings:
    return load("aws: {cluster: apps}\ndiscover: true\n")


def names(roster: Roster) -> list[str]:
    return [str(service.name) for service in roster.services]


def reasons(roster: Roster) -> dict[str, tuple[str, ...]]:
    return {str(one.name): one.reasons for one in roster.disabled}


def test_what_is_found_is_served_as_its_tags_say(settings: Settings) -> None:
    (shop,) = arrange(settings, [tagged("shop", port="3000", idle_after="1h", ready_path="/up")]).services

    assert (shop.name, shop.ecs, shop.port) == ("shop", EcsService("apps", "shop"), 3000)
    assert (shop.idle.idle_after, shop.ready) == (timedelta(hours=1), Ready(path="/up"))
    assert [str(host) for host in shop.hosts] == ["shop.test"]


def test_defaults_of_the_file_lie_under_tags(load: Load) -> None:
    settings = load("aws: {cluster: apps}\ndiscover: true\ndefaults: {idle_after: 1h, port: 80, ready: {path: /up}}")
    (shop,) = arrange(settings, [tagged("shop", port="81", ready_timeout="3s")]).services

    assert (shop.idle.idle_after, shop.port) == (timedelta(hours=1), 81)
    assert shop.ready == Ready(path="/up", timeout=timedelta(seconds=3))


def test_unless_it_is_asked_for_nothing_is_found(load: Load) -> None:
    settings = load("services: {blog: {hosts: [blog.test]}}")

    assert arrange(settings, [tagged("shop")]) == Roster(settings.services)


def test_who_does_not_opt_in_is_nobody(settings: Settings) -> None:
    assert arrange(settings, [tagged("shop", enable="false"), tagged("blog", enable="")]) == Roster()


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        ("[]", ["a", "team-x.b", "other.c"]),
        ("[apps]", ["a"]),
        ('["team-*", apps]', ["a", "team-x.b"]),
        ('["*"]', ["a", "other.c", "team-x.b"]),
    ],
)
def test_only_the_clusters_that_are_named_count(load: Load, clusters: str, expected: list[str]) -> None:
    settings = load(f"aws: {{cluster: apps}}\ndiscover: {{clusters: {clusters}}}")
    found = [tagged("a"), tagged("b", cluster="team-x"), tagged("c", cluster="other")]

    assert sorted(names(arrange(settings, found))) == sorted(expected)


def test_a_service_beyond_the_configured_cluster_bears_its_clusters_name_whatever_else_there_is(
    settings: Settings,
) -> None:
    found = [tagged("shop"), tagged("shop", cluster="team", hosts="team.test")]

    assert names(arrange(settings, found)) == names(arrange(settings, found[:1])) + names(arrange(settings, found[1:]))
    assert names(arrange(settings, found)) == ["shop", "team.shop"]


def test_a_name_that_no_service_can_have_disables_it(settings: Settings) -> None:
    assert "cannot be a service's name" in reasons(arrange(settings, [tagged("_shop", hosts="a.test")]))["_shop"][0]


def test_a_bad_tag_disables_its_service_only_with_every_reason(settings: Settings) -> None:
    roster = arrange(settings, [tagged("shop", port="x", idle_after="y"), tagged("blog")])

    assert names(roster) == ["blog"]
    (shop,) = roster.disabled
    assert (shop.name, shop.ecs) == ("shop", EcsService("apps", "shop"))
    assert [reason.partition(": ")[0] for reason in shop.reasons] == ["wakeproxy:idle-after", "wakeproxy:port"]


def test_the_file_wins_over_the_tags_of_the_same_ecs_service(load: Load) -> None:
    settings = load("discover: true\nservices: {store: {hosts: [store.test], ecs: apps/shop}}")

    assert arrange(settings, [tagged("shop", port="x")]) == Roster(settings.services)


def test_a_name_of_the_file_is_not_taken_by_tags(load: Load) -> None:
    settings = load("aws: {cluster: apps}\ndiscover: true\nservices: {shop: {hosts: [a.test], ecs: other/shop}}")
    roster = arrange(settings, [tagged("shop")])

    assert roster.services == settings.services
    assert reasons(roster) == {"shop": ("the config file has another service named shop; rename that one.",)}


def test_a_route_of_the_file_is_not_taken_by_tags(load: Load) -> None:
    settings = load("aws: {cluster: apps}\ndiscover: true\nservices: {blog: {hosts: [shop.test]}}")

    assert reasons(arrange(settings, [tagged("shop")])) == {
        "shop": ("shop.test/ already leads to blog; change wakeproxy:hosts.",)
    }


def test_of_two_that_claim_a_route_the_one_that_had_it_first_keeps_it(settings: Settings) -> None:
    one, other = tagged("b"), tagged("a", hosts="a.test b.test")
    before = arrange(settings, [one])
    roster = arrange(settings, [other, one], before)

    assert names(roster) == ["b"]
    assert reasons(roster) == {"a": ("b.test/ already leads to b; change wakeproxy:hosts.",)}
    assert names(arrange(settings, [other], roster)) == ["a"]
    assert names(arrange(settings, [one, other])) == ["a"]


def test_two_may_share_a_host_by_path(settings: Settings) -> None:
    assert len(arrange(settings, [tagged("a"), tagged("b", hosts="a.test", path="/b")]).services) == 2


def test_a_service_that_nobody_could_reach_is_disabled_unless_another_needs_it(settings: Settings) -> None:
    alone = arrange(settings, [tagged("db", hosts="")])
    (reason,) = reasons(alone)["db"]
    assert reason.startswith("has no wakeproxy:hosts, so nobody could reach it; write it like shop.example.com _.shop")

    assert names(arrange(settings, [tagged("db", hosts=""), tagged("shop", needs="db")])) == ["db", "shop"]


def test_where_lambdas_serve_a_service_without_hosts_is_reached_by_its_name(load: Load) -> None:
    settings = load("aws: {cluster: apps}\ndiscover: true\nserverless: true\n")

    assert names(arrange(settings, [tagged("db", hosts=""), tagged("shop")])) == ["db", "shop"]


def test_what_needs_something_that_is_not_served_is_disabled_and_so_on(settings: Settings) -> None:
    roster = arrange(settings, [tagged("a", needs="b"), tagged("b", needs="c"), tagged("c", port="x"), tagged("d")])

    assert names(roster) == ["d"]
    assert reasons(roster)["a"] == ('needs "b", which is not served; correct the name, or see to that one.',)
    assert reasons(roster).keys() == {"a", "b", "c"}


def test_who_is_disabled_for_its_needs_takes_no_route_from_others(settings: Settings) -> None:
    roster = arrange(settings, [tagged("a", hosts="x.test", needs="gone"), tagged("b", hosts="x.test")])

    assert names(roster) == ["b"]


def test_services_that_need_each_other_are_disabled(settings: Settings) -> None:
    found = [tagged("a", needs="b"), tagged("b", needs_optional="a"), tagged("c", needs="a"), tagged("d")]
    roster = arrange(settings, found)

    assert names(roster) == ["d"]
    assert reasons(roster)["b"] == ("needs itself, so none of them could start first: a needs b needs a.",)


def test_a_found_service_may_need_one_of_the_file(load: Load) -> None:
    settings = load("aws: {cluster: apps}\ndiscover: true\nservices: {db: {hosts: [db.test]}}")

    assert names(arrange(settings, [tagged("shop", needs="db")])) == ["db", "shop"]


def test_tags_name_themes_that_are_built_in_or_that_the_file_names(load: Load, folder: Path) -> None:
    for name in ("mine", "other"):
        (folder / name).mkdir(exist_ok=True)
    settings = load("aws: {cluster: apps}\ndiscover: true\ndefaults: {theme: mine}")
    found = [tagged("a"), tagged("b", theme="terminal"), tagged("c", theme="mine"), tagged("d", theme="other")]
    roster = arrange(settings, found)

    assert [service.theme for service in roster.services] == [str(folder / "mine"), "terminal", str(folder / "mine")]
    assert settings.themes == {"calm", "terminal", "plain", str(folder / "mine")}
    (reason,) = reasons(roster)["d"]
    assert reason.startswith('wakeproxy:theme: "other" is no theme that a tag may name (calm, terminal, plain, mine);')


def test_a_theme_that_is_not_there_is_an_error_of_the_file_even_without_services(find: Find) -> None:
    (finding,) = find("discover: true\ndefaults: {theme: gone}")

    assert "defaults.theme" in finding


@pytest.mark.parametrize(
    ("text", "is_on"),
    [
        ("discover: true", True),
        ("discover: {}", True),
        ("discover: {every: 1m}", True),
        ("discover: false\nservices: {a: {hosts: [a.test]}}", False),
    ],
)
def test_discovery_is_on_by_a_word_or_by_its_keys(load: Load, text: str, *, is_on: bool) -> None:
    assert (load(text).discover is not None) is is_on


def test_the_environment_can_switch_discovery_off_and_on(load: Load) -> None:
    services = "\nservices: {a: {hosts: [a.test]}}"
    assert load(f"discover: {{every: 1m}}{services}", WAKEPROXY__DISCOVER="false").discover is None
    found = load("", WAKEPROXY__DISCOVER="true").discover
    assert found is not None
    assert found.every == timedelta(seconds=30)


def test_disabled_services_stand_by_their_names(settings: Settings) -> None:
    roster = arrange(settings, [tagged(name, port="x") for name in ("c", "a", "b")])

    assert [one.name for one in roster.disabled] == ["a", "b", "c"]
