"""One page of every kind, in every phase: what each theme is rendered with before it may be used.

A theme that breaks only when a wake fails would break at the worst moment, so all moments are tried at start.
"""

from collections.abc import Iterator
from typing import Any

from wakeproxy.pages.page_kinds import AboutPage, AskPage, ErrorPage, FailedPage, Page, WaitingPage

STAGES = ("requested", "provisioning", "pulling", "starting", "running", "answering")
PHASES = ("ASLEEP", "WAKING", "AWAKE", "DRAINING", "FAILED")


def sample_status(phase: str, *, reached: int) -> dict[str, Any]:
    """Build the status of a service in `phase`, in the stage number `reached` of `STAGES` (6: all are done)."""
    return {
        "service": "shop",
        "display_name": "Shop",
        "phase": phase,
        "stage": STAGES[reached] if reached < len(STAGES) else None,
        "percent": reached * 16,
        "eta_seconds": 12.5,
        "elapsed_seconds": reached * 4.2,
        "longer_than_usual": False,
        "reason": None,
        "remedy": None,
        "ready": phase == "AWAKE",
        "retry_in_seconds": None,
        **sample_stay(phase),
        "stages": [_sample_stage(index, reached=reached) for index in range(len(STAGES))],
        "needs": [],
        "events": [{"at": "2026-11-21T10:00:01+00:00", "text": "Wake requested"}],
    }


def sample_needs() -> list[dict[str, Any]]:
    """Build what is told of services that another needs, one in each phase."""
    return [
        {"service": phase.lower(), "display_name": phase.title(), "required": True, "phase": phase}
        | {"stage": None, "percent": 40, "eta_seconds": None, "reason": None}
        for phase in PHASES
    ]


def sample_stay(phase: str, stays: str = "used") -> dict[str, Any]:
    """Build the part of a status that tells why a service in `phase` stays awake."""
    is_awake = phase == "AWAKE"
    return {
        "awake_seconds": 7525.0 if is_awake else None,
        "sleeps_in_seconds": 870.0 if is_awake and stays not in {"in_use", "other"} else None,
        "stays": stays if is_awake else None,
        "stays_reason": "A deployment is in progress." if is_awake and stays == "other" else None,
        "kept_until": "2026-11-21T18:00:00+00:00" if stays == "kept" else None,
        "keep_awake_for_seconds": 7200.0,
    }


def _sample_stage(index: int, *, reached: int) -> dict[str, Any]:
    state = "done" if index < reached else "current" if index == reached else "ahead"
    return {"name": STAGES[index], "state": state, "seconds": None if state == "ahead" else 0.4 + index}


def sample_pages() -> Iterator[Page]:
    """Give every kind of page in every phase, and with each optional part of the status present and absent."""
    first_wake: dict[str, Any] = {"eta_seconds": None, "events": []}
    told = {"reason": "The image was not found.", "remedy": "Push it.", "retry_in_seconds": 240.0}
    late = {"longer_than_usual": True, "reason": "Fargate has no capacity right now; ECS keeps trying."}
    unstaged = {"stage": None, "eta_seconds": 0.2, "elapsed_seconds": 75.0}
    for phase in PHASES:
        for reached in range(len(STAGES) + 1):
            status = sample_status(phase, reached=reached)
            for extra in ({}, first_wake, told, late, unstaged):
                yield WaitingPage(status | extra, display_name="Shop", retry_after=5, about_path="/shop")
                yield FailedPage(status | extra, display_name="Shop", retry_after=30, next_path="/cart?id=1")
                yield AskPage(status | extra, display_name="Shop", next_path="/cart?id=1")
        status = sample_status(phase, reached=1)
        for shown in (status, status | {"needs": sample_needs()}):
            yield WaitingPage(shown, display_name="Shop", retry_after=5, shows_needs=True)
            yield FailedPage(shown, display_name="Shop", retry_after=30, shows_needs=True)
            yield AskPage(shown, display_name="Shop", shows_needs=True)
    yield from _sample_abouts(told)
    for code in (404, 429, 502, 503, 504):
        for remedy in (None, "Check the address."):
            yield ErrorPage(code=code, title="No luck", sentence="This did not work.", remedy=remedy)


def _sample_abouts(told: dict[str, Any]) -> Iterator[Page]:
    for phase in PHASES:
        for stays in ("used", "in_use", "kept", "young", "other"):
            status = sample_status(phase, reached=2) | sample_stay(phase, stays)
            unknown = {"awake_seconds": None, "stays_reason": None, "keep_awake_for_seconds": None}
            due = {"sleeps_in_seconds": 0.2} if phase == "AWAKE" else {}
            for extra in ({}, told, unknown, due):
                yield AboutPage(status | extra, display_name="Shop", path="/shop", full_seconds=900.0)
