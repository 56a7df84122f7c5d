"""AWS's errors as ours: whose fault it was, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from wakeproxy.aws.errors import ApiError, CallError, CredentialsError, StrangeAnswerError, UnansweredError
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError, ThrottledError

THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
    }
)
_BUSY: Final = ("ClientException", "Too many concurrent attempts")
"""What ECS says when somebody else registers a revision of the same family at that moment."""
DENIED = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "ExpiredTokenException",
        "ExpiredToken",
        "AuthFailure",
        "OptInRequired",
    }
)
_GONE = frozenset({"ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise AWS's errors as ours; ``doing`` says what was asked, as in "read the services of cluster apps"."""
    try:
        yield
    except ApiError as error:
        raise _translate(error, doing) from error
    except CredentialsError as error:
        raise AccessDeniedError(
            f"There are no AWS credentials to {doing}: {_text(error)}. Set them: environment, profile or role."
        ) from error
    except StrangeAnswerError as error:
        raise FleetError(
            f"What was asked to {doing} is not AWS: {_text(error)}. Check aws.endpoint_url and the network."
        ) from error
    except (CallError, OSError, TimeoutError) as error:
        raise FleetError(f"AWS did not answer when asked to {doing}: {_text(error)}.") from error
    except KeyError as error:  # the client library reads a page of HTML as an answer without members
        raise FleetError(
            f"What was asked to {doing} is not AWS: its answer has no {error}. Check aws.endpoint_url and the network."
        ) from error


def is_unanswered(error: FleetError) -> bool:
    """Whether it is unknown if AWS did what it was asked: no answer came, or only that something broke there."""
    cause = error.__cause__
    if isinstance(cause, ApiError):
        return cause.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, ThrottledError)
    return isinstance(cause, (UnansweredError, OSError, TimeoutError))


def is_refused(error: FleetError, code: str, text: str = "") -> bool:
    """Whether AWS answered with an error of that name that says so."""
    cause = error.__cause__
    return isinstance(cause, ApiError) and cause.code == code and text in cause.message


def _text(error: BaseException) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _translate(error: ApiError, doing: str) -> FleetError:
    code = error.code
    text = f"{code}: {error.message}".rstrip(": ")
    if code in THROTTLED or (code == _BUSY[0] and _BUSY[1] in error.message):
        return ThrottledError(f"AWS limits the rate of calls to {doing} ({text}); it is tried again more slowly.")
    if code in DENIED:
        return AccessDeniedError(
            f"AWS does not allow to {doing} ({text}). Check the credentials and the role's policy."
        )
    if code in _GONE:
        return ServiceGoneError(f"AWS cannot {doing}, for it does not exist ({text}). Check cluster, name and region.")
    return FleetError(f"AWS failed to {doing} ({text}).")
