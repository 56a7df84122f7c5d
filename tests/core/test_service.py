from datetime import timedelta

import pytest

from tests.core.build import ECS, NAME, a_service
from wakeproxy.core.service import Address, EcsService, IgnoreRules, Ready, Serve, Service, Wait, WakeOn
from wakeproxy.core.signals import Signal, SignalPolicy


def test_the_defaults_are_those_of_the_documented_config() -> None:
    service = Service(NAME, ECS)

    assert (service.path, service.scheme, service.port) == ("/", "http", 8080)
    assert (service.address, service.serve) == (Address.PRIVATE, Serve.PROXY)
    assert (service.wait, service.wake_on) == (Wait.AUTO, WakeOn.VISIT)
    assert (service.hold_for, service.wake_timeout) == (timedelta(seconds=25), timedelta(minutes=5))
    assert (service.idle.idle_after, service.idle.min_awake) == (timedelta(minutes=15), timedelta(minutes=2))
    assert (service.desired_count, service.theme, service.show_reasons) == (1, "calm", True)


def test_an_app_is_ready_by_default_when_it_accepts_a_connection() -> None:
    ready = Ready()

    assert ready.path is None
    assert (ready.lowest, ready.highest) == (200, 399)
    assert (ready.every, ready.timeout) == (timedelta(milliseconds=100), timedelta(seconds=1))


def test_choices_are_spelled_as_in_the_documented_config() -> None:
    assert [*Address] == ["private", "public"]
    assert [*Serve] == ["proxy", "redirect"]
    assert [*Wait] == ["auto", "page", "hold"]
    assert [*WakeOn] == ["visit", "click"]


def test_visitors_read_the_display_name_or_else_the_name() -> None:
    assert a_service(display_name="The Shop").title == "The Shop"
    assert a_service().title == "shop"


def test_an_ecs_service_prints_as_cluster_and_name() -> None:
    assert str(EcsService("apps", "shop")) == "apps/shop"


def test_ecs_services_sort_by_cluster_first() -> None:
    assert sorted([EcsService("b", "a"), EcsService("a", "b")]) == [EcsService("a", "b"), EcsService("b", "a")]


def test_ignore_rules_without_user_agents_have_no_pattern() -> None:
    assert IgnoreRules(paths=("/ping",)).agents is None


def test_ignore_rules_are_equal_when_they_say_the_same() -> None:
    assert IgnoreRules(user_agents=("Probe/*",)) == IgnoreRules(user_agents=("Probe/*",))
    assert IgnoreRules(user_agents=("Probe/*",)) != IgnoreRules(user_agents=("Other/*",))


@pytest.mark.parametrize("agent", ["probe/1", "probe/", "the exact one", "x1y"])
def test_any_of_the_user_agent_patterns_matches_the_whole_agent(agent: str) -> None:
    pattern = IgnoreRules(user_agents=("Probe/*", "The Exact One", "x?y")).agents

    assert pattern is not None
    assert pattern.match(agent)


@pytest.mark.parametrize("agent", ["a probe/1", "the exact one!", "xy", ""])
def test_a_user_agent_pattern_does_not_match_a_part(agent: str) -> None:
    pattern = IgnoreRules(user_agents=("Probe/*", "The Exact One", "x?y")).agents

    assert pattern is not None
    assert not pattern.match(agent)


def test_no_signal_is_looked_at_unless_it_is_wanted() -> None:
    assert SignalPolicy().wanted == ()
    assert SignalPolicy(cpu_above=0.5, logs=True).wanted == (Signal.CPU, Signal.LOGS)
    assert SignalPolicy(network_above=1, requests=True).wanted == (Signal.NETWORK, Signal.REQUESTS)
