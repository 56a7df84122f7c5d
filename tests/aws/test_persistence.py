"""What is asked again, and what must not be."""

import asyncio

import pytest

from wakeproxy.aws.errors import ApiError, CredentialsError, StrangeAnswerError, UnansweredError
from wakeproxy.aws.faults import translated
from wakeproxy.aws.pace import is_urgent
from wakeproxy.aws.persistence import persist, persist_each
from wakeproxy.errors import AccessDeniedError, FleetError, ThrottledError

THROTTLED = ApiError({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "X")
BUSY = ApiError({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "X")
REFUSED = ApiError({"Error": {"Code": "ClientException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "X")
BROKEN = ApiError({"Error": {"Code": "ServerException"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "X")


class Call:
    """Fails in some ways, one after the other, and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.count = 0
        self.was_urgent = True

    async def __call__(self) -> str:
        self.count += 1
        self.was_urgent = self.was_urgent and is_urgent()
        with translated("do it"):
            if self.failures:
                raise self.failures.pop(0)
        return "done"


@pytest.mark.looptime
@pytest.mark.parametrize("failure", [THROTTLED, BUSY, BROKEN, UnansweredError("lost"), TimeoutError()])
async def test_what_may_pass_is_asked_again(failure: Exception) -> None:
    call = Call(failure, failure)

    assert await persist(call) == "done"
    assert call.count == 3
    assert call.was_urgent


@pytest.mark.looptime
@pytest.mark.parametrize("failure", [REFUSED, CredentialsError("none"), StrangeAnswerError("a page")])
async def test_what_was_refused_is_not_asked_again(failure: Exception) -> None:
    call = Call(failure)

    with pytest.raises(FleetError):
        await persist(call)
    assert call.count == 1


@pytest.mark.looptime
@pytest.mark.parametrize("failure", [BROKEN, UnansweredError("lost")])
async def test_what_must_not_be_done_twice_is_asked_again_only_after_throttling(failure: Exception) -> None:
    call = Call(THROTTLED, BUSY, failure)

    with pytest.raises(FleetError):
        await persist(call, is_repeatable=False)
    assert call.count == 3


@pytest.mark.looptime
async def test_it_gives_up_with_the_last_error_within_half_a_minute() -> None:
    call = Call(*[THROTTLED] * 99)
    began = asyncio.get_running_loop().time()

    with pytest.raises(ThrottledError):
        await persist(call)
    assert 20 < asyncio.get_running_loop().time() - began < 30


@pytest.mark.looptime
async def test_of_many_each_is_asked_again_by_itself() -> None:
    calls = [Call(THROTTLED), Call(), Call(BROKEN, BROKEN)]

    assert await persist_each(lambda call: call(), calls) == ["done"] * 3
    assert [call.count for call in calls] == [2, 1, 3]


@pytest.mark.looptime
async def test_of_many_one_refusal_ends_them_after_one_call() -> None:
    call = Call(CredentialsError("none"))

    with pytest.raises(AccessDeniedError):
        await persist_each(lambda call: call(), [call])
    assert call.count == 1
