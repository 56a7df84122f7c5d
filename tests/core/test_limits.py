"""The defaults of bounds fit those before us, behind us and above us."""

from datetime import timedelta

from wakeproxy.core.limits import Limits, Timeouts


def test_we_wait_longer_than_the_load_balancer_before_us() -> None:
    assert Timeouts().keep_alive > timedelta(seconds=60)


def test_we_wait_less_than_the_app_behind_us() -> None:
    assert Timeouts().upstream_keep_alive < timedelta(seconds=5)


def test_we_are_done_before_ecs_kills_us() -> None:
    assert Timeouts().drain + Timeouts().drain_delay < timedelta(seconds=30)


def test_one_client_cannot_take_every_connection() -> None:
    limits = Limits()
    assert limits.connections_per_client is not None
    assert limits.connections_per_client < limits.connections
