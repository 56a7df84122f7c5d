"""What rollouts work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wakeproxy.deploy.verifying import Verifier
from wakeproxy.ports.rollouts import Definitions, Images, Releases, Requirements


@dataclass(frozen=True, slots=True)
class Yard:
    """The ports, and what wakes and puts to sleep."""

    definitions: Definitions
    releases: Releases
    images: Images
    requirements: Requirements
    verifier: Verifier | None
    """``None`` where nobody knows how a service answers."""
    clock: Callable[[], datetime]
