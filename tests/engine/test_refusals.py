"""What visitors are told when AWS refuses."""

import pytest

from wakeproxy.core.causes import SERVICE_MISSING, Diagnosis
from wakeproxy.engine.refusals import DENIED, THROTTLED, UNREACHABLE, explain_error
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError, ThrottledError

SECRET = "arn:aws:iam::123456789012:role/secret"
TOLD = [
    (AccessDeniedError(SECRET), DENIED, False),
    (ServiceGoneError(SECRET), SERVICE_MISSING, False),
    (ThrottledError(SECRET), THROTTLED, True),
    (FleetError(SECRET), UNREACHABLE, True),
]


@pytest.mark.parametrize(("error", "told", "can_retry"), TOLD, ids=lambda value: type(value).__name__)
def test_each_refusal_has_its_words_and_hides_aws_own(error: FleetError, told: Diagnosis, *, can_retry: bool) -> None:
    diagnosis = explain_error(error)

    assert diagnosis is told
    assert diagnosis.can_retry is can_retry
    assert SECRET not in repr(diagnosis)
