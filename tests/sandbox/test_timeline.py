"""The thread on which the sandbox's state lives."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.sandbox.clients import Aws, Until
from wakeproxy.sandbox import Sandbox, SandboxError
from wakeproxy.sandbox.timeline import Timeline


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    running = Timeline()
    running.start()
    yield running
    running.stop()


def test_actions_run_in_the_order_of_their_deadlines(timeline: Timeline) -> None:
    seen: list[str] = []
    done = threading.Event()

    def plan() -> None:
        timeline.after(0.03, done.set)
        for name, seconds in (("b", 0.02), ("a", 0.01), ("c", 0.02)):
            timeline.after(seconds, partial(seen.append, name))
        timeline.after(0.01, lambda: seen.append("never")).cancel()

    timeline.call(plan)
    assert done.wait(60)
    assert seen == ["a", "b", "c"]


def test_a_call_returns_and_raises_and_may_call_again(timeline: Timeline) -> None:
    assert timeline.call(lambda: timeline.call(lambda: 3)) == 3
    with pytest.raises(KeyError):
        timeline.call(lambda: os.environ["NO_SUCH_VARIABLE"])


def test_a_deadline_years_away_keeps_nobody_waiting(timeline: Timeline) -> None:
    years = 20 * 365 * 24 * 3600.0
    timeline.call(lambda: timeline.after(years, lambda: None))
    done = threading.Event()
    timeline.call(lambda: timeline.after(0.01, done.set))
    assert done.wait(30)
    assert timeline.call(lambda: 3) == 3


def test_a_readable_descriptor_is_heard(timeline: Timeline) -> None:
    read, write = os.pipe()
    heard = threading.Event()

    def listen() -> None:
        os.read(read, 10)
        heard.set()

    timeline.call(lambda: timeline.watch(read, listen))
    os.write(write, b"x")
    assert heard.wait(60)
    timeline.call(lambda: timeline.unwatch(read))
    os.close(read)
    os.close(write)


def test_a_failing_action_is_logged_and_the_others_go_on(timeline: Timeline, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        timeline.post(lambda: os.close(-1))
        assert timeline.call(lambda: 1) == 1
    assert "an action of the sandbox failed" in caplog.text


def test_after_its_end_it_refuses() -> None:
    timeline = Timeline()
    timeline.start()
    timeline.stop()
    with pytest.raises(SandboxError, match="has been stopped"):
        timeline.call(lambda: 1)


def test_idle_services_cost_no_time(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    for number in range(200):
        sandbox.create_service(f"s{number:03}", logs=False)
    until(lambda: aws.service("s199")["deployments"][0]["rolloutState"] == "COMPLETED")
    aws.client("ec2").describe_subnets()  # whatever was still being imported has been
    before, began = time.process_time(), time.monotonic()
    assert not threading.Event().wait(0.5)
    assert time.process_time() - before < 0.2 * (time.monotonic() - began)


def test_many_services_wake_at_once(aws_of: Callable[[Sandbox], Aws], until: Until) -> None:
    with Sandbox() as sandbox:
        aws = aws_of(sandbox)
        names = [f"s{number}" for number in range(12)]
        for name in names:
            sandbox.create_service(name, image="x", command=["sleep", "60"], logs=False)
        for name in names:
            aws.scale(name, 1)
        until(lambda: sum(task.status == "RUNNING" for task in sandbox.tasks("apps")) == 12)
        assert len({task.private_ip for task in sandbox.tasks("apps")}) == 12
