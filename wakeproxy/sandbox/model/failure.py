"""Errors in AWS's shape, with AWS's own sentences."""

from wakeproxy.sandbox.errors import SandboxError


class AwsError(SandboxError):
    """An error answer of ECS: `code` as SDKs see it, a sentence, an HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> AwsError:
    """InvalidParameterException."""
    return AwsError("InvalidParameterException", message)


def client_error(message: str) -> AwsError:
    """ClientException."""
    return AwsError("ClientException", message)


def cluster_not_found() -> AwsError:
    """The cluster named does not exist."""
    return AwsError("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> AwsError:
    """The service named does not exist."""
    return AwsError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> AwsError:
    """The service named is being deleted or has been."""
    return AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
