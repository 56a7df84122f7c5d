"""How an app can fail a request, in words for its visitor; an address inside the network is nobody's business."""

from wakeproxy.errors import UpstreamError


class SilentAppError(UpstreamError):
    """The app took the request and did not answer in time."""


class BrokenAppError(UpstreamError):
    """The app took the connection and answered nothing that could be passed back; it may well serve others.

    What may be asked again (``sent`` is false) was asked twice.
    """
