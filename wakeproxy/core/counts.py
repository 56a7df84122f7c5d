"""Counts: what a process has counted, as plain values that can be sent elsewhere, summed up and rendered."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.record import later

ANSWER_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
WAKE_BOUNDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0)
SWEEP_BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds in seconds; what took longer is in a last, open bucket."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many took how long: one count more than there are bounds, and all seconds together."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


NO_ANSWERS: Final = Histogram(ANSWER_BOUNDS, (0,) * (len(ANSWER_BOUNDS) + 1), 0.0)
NO_SWEEPS: Final = Histogram(SWEEP_BOUNDS, (0,) * (len(SWEEP_BOUNDS) + 1), 0.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that can be read off a process at one moment; services are named, the empty one is nobody's."""

    requests: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    """By service, answer and status code."""
    seconds: Mapping[str, Histogram] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    """Connections and messages that never became a request, by reason."""
    ignored: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Requests that were nobody's visit, by service and rule."""
    in_flight: Mapping[str, int] = field(default_factory=dict)
    last_used_at: Mapping[str, datetime] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    upstream: Mapping[str, int] = field(default_factory=dict)
    """Connections to apps."""
    visitors: int = 0
    """Connections of visitors."""
    log_dropped: int = 0
    """Lines of the access log."""
    ready_to_served: Histogram = field(default=NO_ANSWERS)
    phases: Mapping[str, Phase] = field(default_factory=dict)
    wakes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By service and outcome."""
    wake_seconds: Mapping[tuple[str, str], Histogram] = field(default_factory=dict)
    """By service and stage."""
    sleeps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By service and reason."""
    sweep_seconds: Histogram = field(default=NO_SWEEPS)
    asleep_seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each was seen asleep."""
    aws_calls: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By AWS's service, operation and outcome."""
    has_ledger: bool = True
    """Whether the ledger can be reached, as far as this process has to do with it."""
    disabled: int = 0
    """Services that were found, and cannot be served."""
    is_config_good: bool = True
    """Whether the config file could be read the last time."""
    config_read_at: datetime | None = None
    """When it could, last."""
    found_at: datetime | None = None
    """When services could be found by their tags, last."""

    def past(self) -> "Counts":
        """Say what remains of it when its process is gone: what was counted, and nothing that is there now."""
        return replace(self, in_flight={}, held={}, upstream={}, visitors=0, phases={}, has_ledger=True)

    def keep(self, names: Container[str]) -> "Counts":
        """Leave out what was counted of all other services; what is nobody's stays."""

        def pick(values: Mapping[_Key, _Value]) -> dict[_Key, _Value]:
            return {key: value for key, value in values.items() if (owner := _owner(key)) in names or not owner}

        return replace(
            self,
            requests=pick(self.requests),
            seconds=pick(self.seconds),
            ignored=pick(self.ignored),
            in_flight=pick(self.in_flight),
            last_used_at=pick(self.last_used_at),
            held=pick(self.held),
            upstream=pick(self.upstream),
            phases=pick(self.phases),
            wakes=pick(self.wakes),
            wake_seconds=pick(self.wake_seconds),
            sleeps=pick(self.sleeps),
            asleep_seconds=pick(self.asleep_seconds),
        )


def _owner(key: object) -> object:
    """Say which service is counted under a key: the key itself, or its first part."""
    return key[0] if isinstance(key, tuple) else key


def merge(many: Sequence[Counts]) -> Counts:
    """Sum up what several processes of one front counted; of phases the first word holds."""
    return Counts(
        requests=_sum(each.requests for each in many),
        seconds=_merge(each.seconds for each in many),
        refused=_sum(each.refused for each in many),
        ignored=_sum(each.ignored for each in many),
        in_flight=_sum(each.in_flight for each in many),
        last_used_at=_latest(each.last_used_at for each in many),
        held=_sum(each.held for each in many),
        upstream=_sum(each.upstream for each in many),
        visitors=sum(each.visitors for each in many),
        log_dropped=sum(each.log_dropped for each in many),
        ready_to_served=_add([NO_ANSWERS, *(each.ready_to_served for each in many)]),
        phases={name: phase for each in reversed(many) for name, phase in each.phases.items()},
        wakes=_sum(each.wakes for each in many),
        wake_seconds=_merge(each.wake_seconds for each in many),
        sleeps=_sum(each.sleeps for each in many),
        sweep_seconds=_add([NO_SWEEPS, *(each.sweep_seconds for each in many)]),
        asleep_seconds=_sum(each.asleep_seconds for each in many),
        aws_calls=_sum(each.aws_calls for each in many),
        has_ledger=all(each.has_ledger for each in many),
        disabled=sum(each.disabled for each in many),
        is_config_good=all(each.is_config_good for each in many),
        config_read_at=max((each.config_read_at for each in many if each.config_read_at), default=None),
        found_at=max((each.found_at for each in many if each.found_at), default=None),
    )


def _latest(many: Iterable[Mapping[str, datetime]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for each in many:
        found |= {name: later(found.get(name), at) for name, at in each.items()}
    return found


def _sum(many: Iterable[Mapping[_Key, _Number]]) -> dict[_Key, _Number]:
    found: dict[_Key, _Number] = {}
    for each in many:
        found |= {key: found[key] + value if key in found else value for key, value in each.items()}
    return found


def _merge(many: Iterable[Mapping[_Key, Histogram]]) -> dict[_Key, Histogram]:
    found: dict[_Key, Histogram] = {}
    for each in many:
        for key, histogram in each.items():
            found[key] = _add([found[key], histogram] if key in found else [histogram])
    return found


def _add(many: Sequence[Histogram]) -> Histogram:
    counts = tuple(sum(column) for column in zip(*(each.counts for each in many), strict=True))
    return Histogram(many[0].bounds, counts, sum(each.total for each in many))
