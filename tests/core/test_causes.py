"""Every text by which AWS says why a task stopped or a service stands still is read as its cause."""

import pytest

from tests.core.build import a_stopped_task, an_exit, an_observation, at
from tests.core.signals import ACCOUNT, FOR_GOOD, FOR_NOW, SERVICE_EVENTS, STOPPED_REASONS, UNREMARKABLE_EVENTS
from wakeproxy.core.causes import (
    NO_PUBLIC_ADDRESS,
    SERVICE_MISSING,
    Cause,
    Diagnosis,
    explain_failed_need,
    explain_missing_need,
)
from wakeproxy.core.diagnosis import diagnose, explain_stop
from wakeproxy.core.observation import Container, ServiceEvent

REASONS = [(text, *means) for means, texts in STOPPED_REASONS.items() for text in texts]
EVENTS = [(text, *means) for means, texts in SERVICE_EVENTS.items() for text in texts]


EXITS = [(an_exit(1),), (an_exit(137),), (an_exit(137, "OutOfMemoryError: Container killed"),), ()]


def explain_event(*messages: str) -> Diagnosis | None:
    """Read events, newest first."""
    events = tuple(ServiceEvent(at(-age), message) for age, message in enumerate(messages))
    return diagnose(an_observation(events=events), since=at(-60))


@pytest.mark.parametrize(("text", "cause", "can_retry"), REASONS)
def test_a_stopped_reason_has_its_cause_and_permanence(text: str, cause: Cause, *, can_retry: bool) -> None:
    found = explain_stop(a_stopped_task("TaskFailedToStart", text))

    assert (found.cause, found.can_retry) == (cause, can_retry)


@pytest.mark.parametrize(("text", "cause", "can_retry"), REASONS)
def test_a_reason_told_of_the_container_is_read_like_one_told_of_the_task(
    text: str, cause: Cause, *, can_retry: bool
) -> None:
    sidecar, app = Container("log", "log:1"), Container("app", "shop:1", reason=text)
    found = explain_stop(a_stopped_task("TaskFailedToStart", "Task failed to start", containers=(sidecar, app)))

    assert (found.cause, found.can_retry) == (cause, can_retry)


@pytest.mark.parametrize(("text", "cause", "can_retry"), EVENTS)
def test_a_service_event_has_its_cause_and_permanence(text: str, cause: Cause, *, can_retry: bool) -> None:
    found = explain_event(text)

    assert found is not None
    assert (found.cause, found.can_retry) == (cause, can_retry)


def test_a_lack_of_fargate_capacity_is_known_by_its_code_alone() -> None:
    found = explain_event("(service shop) reason: RESOURCE:FARGATE")

    assert found is not None
    assert "no free Fargate capacity" in found.sentence


TOLD = [
    *(explain_stop(a_stopped_task("TaskFailedToStart", text)) for text, *_ in REASONS),
    *(explain_stop(a_stopped_task("EssentialContainerExited", None, containers=one)) for one in EXITS),
    *(found for text, *_ in EVENTS if (found := explain_event(text))),
    SERVICE_MISSING,
    NO_PUBLIC_ADDRESS,
]


@pytest.mark.parametrize("found", TOLD, ids=lambda found: found.sentence)
def test_what_visitors_read_is_a_sentence_and_a_remedy_without_accounts(found: Diagnosis) -> None:
    for sentence in (found.sentence, found.remedy):
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        assert ACCOUNT not in sentence
        assert "arn:" not in sentence
        assert "Error:" not in sentence.partition(":")[0] + ":"


@pytest.mark.parametrize("text", UNREMARKABLE_EVENTS)
def test_an_unremarkable_event_explains_nothing(text: str) -> None:
    assert explain_event(text) is None


@pytest.mark.parametrize(
    "success", ["(service shop) has reached a steady state.", "(service shop) has started 1 tasks: (task 0f1e)."]
)
def test_an_event_older_than_a_success_explains_nothing(success: str) -> None:
    assert explain_event(success, EVENTS[0][0]) is None
    assert explain_event(EVENTS[0][0], success) is not None


def test_of_several_events_the_newest_that_means_something_explains() -> None:
    full, throttled = EVENTS[0][0], SERVICE_EVENTS[Cause.THROTTLED, FOR_NOW][0]
    found = explain_event(UNREMARKABLE_EVENTS[0], throttled, full)

    assert found is not None
    assert found.cause is Cause.THROTTLED


@pytest.mark.parametrize(
    ("containers", "cause", "words"),
    [
        ((an_exit(1),), Cause.CRASH, "container app exited with code 1"),
        ((an_exit(0),), Cause.CRASH, "container app exited with code 0"),
        ((an_exit(0, name="init"), an_exit(3)), Cause.CRASH, "container app exited with code 3"),
        ((an_exit(137, name="log"), an_exit(1)), Cause.CRASH, "container app exited with code 1"),
        ((an_exit(143, name="log"), an_exit(0)), Cause.CRASH, "container app exited with code 0"),
        ((an_exit(143),), Cause.CRASH, "container app exited with code 143"),
        ((an_exit(None),), Cause.CRASH, "an essential container exited"),
        ((an_exit(None, "A reason of tomorrow"),), Cause.CRASH, "an essential container exited"),
        ((), Cause.CRASH, "an essential container exited"),
        ((an_exit(137),), Cause.OUT_OF_MEMORY, "killed (exit code 137)"),
        ((an_exit(None, name="log"), an_exit(137)), Cause.OUT_OF_MEMORY, "killed (exit code 137)"),
        ((an_exit(137, "OutOfMemoryError: Container killed"),), Cause.OUT_OF_MEMORY, "it ran out of memory"),
        ((an_exit(1, "OutOfMemoryError: Container killed"),), Cause.OUT_OF_MEMORY, "it ran out of memory"),
    ],
)
def test_an_app_that_ends_is_explained_by_the_container_that_ended_first(
    containers: tuple[Container, ...], cause: Cause, words: str
) -> None:
    reason = "Essential container in task exited"
    found = explain_stop(a_stopped_task("EssentialContainerExited", reason, containers=containers))

    assert (found.cause, found.can_retry) == (cause, FOR_NOW)
    assert words in found.sentence


@pytest.mark.parametrize(
    ("code", "reason", "cause", "sentence"),
    [
        ("SpotInterruption", "", Cause.INTERRUPTED, "AWS took the Spot capacity back that the task ran on."),
        ("SpotInterruption", "Host going away", Cause.INTERRUPTED, "AWS took the Spot capacity back that"),
        ("TerminationNotice", None, Cause.STOPPED, "The task stopped: TerminationNotice."),
        ("InfrastructureHealth", "Host is unhealthy.", Cause.STOPPED, "The task stopped: Host is unhealthy."),
        ("ACodeOfTomorrow", "Because.", Cause.STOPPED, "The task stopped: Because."),
        (None, None, Cause.STOPPED, "The task stopped: ECS gives no reason."),
    ],
)
def test_other_stop_codes_are_told_as_they_come(
    code: str | None, reason: str | None, cause: Cause, sentence: str
) -> None:
    found = explain_stop(a_stopped_task(code, reason))

    assert (found.cause, found.can_retry) == (cause, FOR_NOW)
    assert found.sentence.startswith(sentence)


def test_a_missing_service_or_public_address_heals_only_when_somebody_acts() -> None:
    assert (SERVICE_MISSING.cause, SERVICE_MISSING.can_retry) == (Cause.SERVICE_MISSING, FOR_GOOD)
    assert (NO_PUBLIC_ADDRESS.cause, NO_PUBLIC_ADDRESS.can_retry) == (Cause.NO_PUBLIC_ADDRESS, FOR_GOOD)


def test_the_detail_of_a_reason_is_told_without_its_error_class() -> None:
    found = explain_stop(a_stopped_task("TaskFailedToStart", "CannotPullContainerError: shop:1: not found."))

    assert found.sentence == "The image cannot be pulled: shop:1: not found."


def test_a_reason_that_is_only_an_error_class_is_told_itself() -> None:
    found = explain_stop(a_stopped_task("TaskFailedToStart", "CannotPullContainerError"))

    assert found.sentence == "The image cannot be pulled: CannotPullContainerError."


def test_a_failed_need_is_explained_by_its_own_reason() -> None:
    found = explain_failed_need("The Database", SERVICE_MISSING)
    assert found.sentence == f"It needs The Database, which could not be woken: {SERVICE_MISSING.sentence}"
    assert found.remedy == SERVICE_MISSING.remedy


def test_a_need_that_failed_for_no_known_reason_is_named_all_the_same() -> None:
    found = explain_failed_need("The Database", None)
    assert (found.remedy, found.can_retry) == ("Look at The Database first.", False)


def test_a_need_that_nobody_knows_is_named_with_what_to_do() -> None:
    found = explain_missing_need("shop-db")
    assert found.sentence == "It needs shop-db, which wakeproxy does not know."
    assert "Name shop-db under services" in found.remedy
