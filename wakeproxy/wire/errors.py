"""What is wrong with a message: one status, one sentence. It never repeats the peer's bytes."""

from http import HTTPStatus
from typing import Final


class BadMessageError(Exception):
    """A message that has no single reading, or exceeds a limit; the connection it came on cannot be used further."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        """Take the sentence, and what a client is told who sent it (an app's fault is 502, whatever it was)."""
        super().__init__(sentence)
        self.status: Final = status


class TooLargeError(BadMessageError):
    """A head or trailer beyond the limits."""

    def __init__(self, sentence: str) -> None:
        """Take the sentence."""
        super().__init__(sentence, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
