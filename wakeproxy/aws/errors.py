"""What goes wrong with a call, in the same few kinds whichever library made it.

The adapters know these alone: the long-running front calls AWS through a client library, the Lambdas by requests of
our own (`signed`), and neither has to be imported for the other's errors.
"""

from collections.abc import Mapping
from typing import Any


class CallError(Exception):
    """A call that got no answer: it could not be made, or what came back could not be read."""


class UnansweredError(CallError):
    """Nobody was there, or he broke off or said nothing in time; the same call may succeed a moment later."""


class CredentialsError(CallError):
    """There is nobody to call as: no keys were found, or they could not be fetched."""


class StrangeAnswerError(CallError):
    """Somebody answered, in a way that AWS does not."""


class ApiError(Exception):
    """AWS answered that it does not do what was asked."""

    def __init__(self, response: Mapping[str, Any], operation: str) -> None:
        """Take the answer as client libraries shape it.

        Args:
            response: ``Error`` with ``Code`` and ``Message``, ``ResponseMetadata`` with ``HTTPStatusCode`` and
                ``RequestId``, and what else the error tells, such as the ``Item`` that failed a condition.
            operation: what was asked, as AWS names it.
        """
        self.response = response
        self.operation = operation
        super().__init__(f"An error occurred ({self.code}) when calling the {operation} operation: {self.message}")

    @property
    def code(self) -> str:
        """Its name, as in ``ThrottlingException``; empty where it has none."""
        return str(self.response.get("Error", {}).get("Code", ""))

    @property
    def message(self) -> str:
        """What AWS says about it."""
        return str(self.response.get("Error", {}).get("Message", ""))

    @property
    def status(self) -> int:
        """The HTTP status; 0 where it is unknown."""
        return int(self.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
