"""Which containers of a task may start."""

from typing import Any

import pytest

from tests.sandbox.clients import Json
from wakeproxy.sandbox.fargate.order import Sight, Verdict, find_complaint, judge_start

WAITING, STARTED = Sight(False, None, "UNKNOWN"), Sight(True, None, "UNKNOWN")  # noqa: FBT003 - a truth table
DONE, BROKEN = Sight(True, 0, "UNKNOWN"), Sight(True, 1, "UNKNOWN")  # noqa: FBT003
WELL, ILL = Sight(True, None, "HEALTHY"), Sight(True, None, "UNHEALTHY")  # noqa: FBT003


@pytest.mark.parametrize(
    ("condition", "other", "verdict"),
    [
        ("START", WAITING, Verdict.WAIT),
        ("START", STARTED, Verdict.GO),
        ("COMPLETE", STARTED, Verdict.WAIT),
        ("COMPLETE", BROKEN, Verdict.GO),
        ("SUCCESS", STARTED, Verdict.WAIT),
        ("SUCCESS", DONE, Verdict.GO),
        ("SUCCESS", BROKEN, Verdict.NEVER),
        ("HEALTHY", STARTED, Verdict.WAIT),
        ("HEALTHY", WELL, Verdict.GO),
        ("HEALTHY", ILL, Verdict.NEVER),
        ("HEALTHY", DONE, Verdict.NEVER),
    ],
)
def test_a_condition(condition: str, other: Sight, verdict: Verdict) -> None:
    assert judge_start([{"containerName": "a", "condition": condition}], {"a": other}) is verdict


def test_all_conditions_count() -> None:
    needs = [{"containerName": "a", "condition": "START"}, {"containerName": "b", "condition": "SUCCESS"}]
    assert judge_start(needs, {"a": STARTED, "b": STARTED}) is Verdict.WAIT
    assert judge_start(needs, {"a": WAITING, "b": BROKEN}) is Verdict.NEVER
    assert judge_start([], {}) is Verdict.GO


def test_circles_and_unknown_names_are_found() -> None:
    def container(name: str, *needs: Any) -> Json:
        return {"name": name, "dependsOn": [{"containerName": each, "condition": "START"} for each in needs]}

    assert find_complaint([container("a"), container("b", "a"), container("c", "a", "b")]) is None
    assert find_complaint([container("a", "b")]) == "Container 'a' depends on unknown container 'b'."
    circle = [container("a", "b"), container("b", "a"), container("c")]
    assert find_complaint(circle) == "Containers have circular dependencies: a, b."
