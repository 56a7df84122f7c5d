"""What is taken off an answer, and what is left alone."""

import json
from typing import Any

import pytest

from wakeproxy.aws.trimming import drop_old_events


def trimmed(body: bytes) -> bytes:
    answer: dict[str, Any] = {"body": body, "status_code": 200}
    drop_old_events(answer, operation_model=None)
    assert answer["status_code"] == 200
    return bytes(answer["body"])


def test_the_newest_five_events_of_each_service_are_left() -> None:
    services = [
        {"serviceName": name, "events": [{"id": str(n)} for n in range(count)]}
        for name, count in (("a", 100), ("b", 3))
    ]
    told = json.loads(trimmed(json.dumps({"services": services, "failures": []}).encode()))

    assert [[event["id"] for event in one["events"]] for one in told["services"]] == [list("01234"), list("012")]
    assert [one["serviceName"] for one in told["services"]] == ["a", "b"]
    assert told["failures"] == []


@pytest.mark.parametrize(
    ("desired", "running", "pending", "left"), [(0, 0, 0, 0), (1, 0, 0, 5), (0, 1, 0, 5), (0, 0, 1, 5)]
)
def test_of_a_service_at_rest_no_event_is_left(desired: int, running: int, pending: int, left: int) -> None:
    counts = {"desiredCount": desired, "runningCount": running, "pendingCount": pending}
    body = json.dumps({"services": [{"events": [{"id": str(number)} for number in range(9)], **counts}]})

    (told,) = json.loads(trimmed(body.encode()))["services"]

    assert len(told["events"]) == left


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"services": 1}', b'{"services": [{"events": null}]}']
)
def test_what_is_no_answer_of_ecs_is_left_to_whoever_reads_it(body: bytes) -> None:
    assert trimmed(body) == body


def test_an_error_says_what_it_said() -> None:
    error = {"__type": "ClusterNotFoundException", "message": "Cluster not found."}
    assert json.loads(trimmed(json.dumps(error).encode())) == error
