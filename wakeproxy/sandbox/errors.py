"""The sandbox's own errors: a wrong fault file, a port in use, a sandbox asked for something it has not got."""

from wakeproxy.errors import WakeproxyError


class SandboxError(WakeproxyError):
    """The sandbox cannot do what it was asked; the sentence says what to change."""

    exit_status = 2
