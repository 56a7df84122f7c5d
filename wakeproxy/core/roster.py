"""Which services are served: how one roster differs from the next. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import EcsService, Service


@dataclass(frozen=True, slots=True)
class Disabled:
    """A service that was found but is not served, with a sentence for everything that is wrong with it."""

    name: ServiceName
    ecs: EcsService
    reasons: tuple[str, ...]


def describe_disabled(one: Disabled) -> Mapping[str, Any]:
    """Say what is wrong with it, for programs."""
    return {"service": one.name, "ecs": str(one.ecs), "phase": "DISABLED", "reasons": list(one.reasons)}


@dataclass(frozen=True, slots=True)
class Roster:
    """The services that are served, and those that were found besides."""

    services: tuple[Service, ...] = ()
    disabled: tuple[Disabled, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes one roster another; a name that stands for another ECS service now is removed and added."""

    added: tuple[Service, ...] = ()
    changed: tuple[Service, ...] = ()
    """As they are now."""
    removed: tuple[Service, ...] = ()
    """As they were."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compare(before: Iterable[Service], after: Iterable[Service]) -> Changes:
    """Say what makes one roster another."""
    old = {service.name: service for service in before}
    new = {service.name: service for service in after}
    stays = {name for name, service in new.items() if name in old and old[name].ecs == service.ecs}
    return Changes(
        added=tuple(service for name, service in new.items() if name not in stays),
        changed=tuple(service for name, service in new.items() if name in stays and service != old[name]),
        removed=tuple(service for name, service in old.items() if name not in stays),
    )


def is_reached_otherwise(before: Service, after: Service) -> bool:
    """Whether what is known of a service's tasks says nothing any more: they are dialled or asked in another way."""
    return _reach(before) != _reach(after)


def _reach(service: Service) -> tuple[object, ...]:
    return service.address, service.port, service.scheme, service.ready
