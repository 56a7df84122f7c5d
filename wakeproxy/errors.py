"""Everything wakeproxy raises on purpose.

Each error is one plain sentence that says what is wrong, names the value, and says what to do. It carries the exit
status of the command line; the HTTP status is the front's and the admin's business. Foreign errors are mapped to
these at the edge with ``raise ... from``.
"""


class WakeproxyError(Exception):
    """An error raised on purpose; ``str()`` of it is fit to show to people."""

    exit_status = 1


class ConfigError(WakeproxyError):
    """The configuration is wrong; holds every finding at once."""

    exit_status = 2

    def __init__(self, findings: tuple[str, ...]) -> None:
        """Take one sentence per finding, each with the place it was found."""
        super().__init__("\n".join(findings))
        self.findings = findings


class UsageError(WakeproxyError):
    """What was asked makes no sense; another command line would."""

    exit_status = 2


class WakeTimeoutError(WakeproxyError):
    """What was waited for did not happen in time."""

    exit_status = 3


class UnknownServiceError(WakeproxyError):
    """Nothing is known under that name."""

    exit_status = 4


class FleetError(WakeproxyError):
    """AWS did not do what it was asked; a retry may help."""


class ThrottledError(FleetError):
    """AWS answered that the rate of calls is too high."""


class AccessDeniedError(FleetError):
    """AWS refused for want of credentials or permission; retrying does not help."""

    exit_status = 5


class ServiceGoneError(FleetError):
    """The ECS service or its cluster does not exist, or is being deleted."""

    exit_status = 4


class UnknownRevisionError(WakeproxyError):
    """There is no such task definition, or no such revision of it."""

    exit_status = 4


class UnknownImageError(WakeproxyError):
    """The registry has no such image."""

    exit_status = 4


class PreflightError(WakeproxyError):
    """What is to be rolled out could not run."""


class BusyError(WakeproxyError):
    """Somebody else is rolling out to the same service."""


class NothingToDoError(WakeproxyError):
    """Something was asked for that changes nothing."""

    exit_status = 6


class LedgerError(WakeproxyError):
    """The ledger could not be read or written."""


class UpstreamError(WakeproxyError):
    """The app could not be reached or broke off; ``sent`` tells whether any of the request may have reached it."""

    def __init__(self, message: str, *, sent: bool) -> None:
        """Take the sentence, and whether bytes of the request were written to the app."""
        super().__init__(message)
        self.sent = sent
