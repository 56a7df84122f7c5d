"""What AWS's refusals mean to visitors. AWS's own text may name accounts and roles; it is only logged."""

from typing import Final

from wakeproxy.core.causes import SERVICE_MISSING, Cause, Diagnosis
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError, ThrottledError

DENIED: Final = Diagnosis(
    Cause.ACCESS_DENIED,
    "AWS does not allow wakeproxy to wake this service.",
    "Give wakeproxy's role the rights it needs, and check that its credentials are valid.",
    can_retry=False,
)
THROTTLED: Final = Diagnosis(
    Cause.THROTTLED,
    "AWS limits the rate of our calls just now.",
    "Wait a little; it passes by itself.",
    can_retry=True,
)
UNREACHABLE: Final = Diagnosis(
    Cause.AWS_UNREACHABLE,
    "AWS does not answer just now.",
    "Wait a little; if it stays so, check the network from wakeproxy to AWS.",
    can_retry=True,
)
UNDONE: Final = Diagnosis(
    Cause.STOPPED,
    "Something sets the service's desired count back to 0 whenever it is raised.",
    "Look for auto scaling, a schedule or infrastructure code that sets the desired count.",
    can_retry=False,
)


def explain_error(error: FleetError) -> Diagnosis:
    """Put an error of AWS's into words for visitors; ``can_retry`` says whether to call again."""
    match error:
        case AccessDeniedError():
            return DENIED
        case ServiceGoneError():
            return SERVICE_MISSING
        case ThrottledError():
            return THROTTLED
        case _:
            return UNREACHABLE
