import inspect

import pytest

from wakeproxy import errors
from wakeproxy.errors import ConfigError, UpstreamError, WakeproxyError

# The exit status of each, as the interface fixes it.
EXIT_STATUSES = {
    errors.WakeproxyError: 1,
    errors.ConfigError: 2,
    errors.UsageError: 2,
    errors.WakeTimeoutError: 3,
    errors.UnknownServiceError: 4,
    errors.FleetError: 1,
    errors.ThrottledError: 1,
    errors.AccessDeniedError: 5,
    errors.ServiceGoneError: 4,
    errors.UnknownRevisionError: 4,
    errors.UnknownImageError: 4,
    errors.PreflightError: 1,
    errors.BusyError: 1,
    errors.NothingToDoError: 6,
    errors.LedgerError: 1,
    errors.UpstreamError: 1,
}


@pytest.mark.parametrize(("kind", "status"), EXIT_STATUSES.items())
def test_an_error_carries_its_exit_status(kind: type[WakeproxyError], status: int) -> None:
    assert kind.exit_status == status


def test_no_error_is_without_a_documented_exit_status() -> None:
    found = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__}

    assert found == EXIT_STATUSES.keys()
    assert all(issubclass(kind, WakeproxyError) for kind in found)


@pytest.mark.parametrize("kind", [errors.ThrottledError, errors.AccessDeniedError, errors.ServiceGoneError])
def test_whatever_aws_refuses_is_a_fleet_error(kind: type[WakeproxyError]) -> None:
    assert issubclass(kind, errors.FleetError)


def test_a_config_error_tells_all_its_findings_at_once() -> None:
    error = ConfigError(("line 1: wrong", "line 2: wrong too"))

    assert error.findings == ("line 1: wrong", "line 2: wrong too")
    assert str(error) == "line 1: wrong\nline 2: wrong too"


@pytest.mark.parametrize("sent", [True, False])
def test_an_upstream_error_knows_whether_the_app_may_have_seen_the_request(*, sent: bool) -> None:
    error = UpstreamError("The app broke off.", sent=sent)

    assert (str(error), error.sent) == ("The app broke off.", sent)
