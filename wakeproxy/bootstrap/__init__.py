"""The only place where things meet: settings, adapters and the engine become a house that can be opened.

`house` has the adapters, `opening` opens them by AWS's client library and `light` without it, `engine` runs over them,
`front` serves visitors with both in one process, `crew` does so with several, and `upkeep` changes what is served
meanwhile. `rollouts` has what deploys need besides.

Each is loaded when it is first wanted: a Lambda's visitor waits for every import, and a Lambda serves no front.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wakeproxy.bootstrap.crew import open_crew, open_worker
    from wakeproxy.bootstrap.engine import run_engine
    from wakeproxy.bootstrap.front import Doors, open_front
    from wakeproxy.bootstrap.hangup import heed_hangup
    from wakeproxy.bootstrap.house import House, now
    from wakeproxy.bootstrap.light import open_light_house
    from wakeproxy.bootstrap.opening import open_house
    from wakeproxy.bootstrap.orders import put_to_sleep
    from wakeproxy.bootstrap.rollouts import Works, open_works
    from wakeproxy.bootstrap.themes import load_pages
    from wakeproxy.bootstrap.upkeep import Work

__all__ = [
    "Doors",
    "House",
    "Work",
    "Works",
    "heed_hangup",
    "load_pages",
    "now",
    "open_crew",
    "open_front",
    "open_house",
    "open_light_house",
    "open_worker",
    "open_works",
    "put_to_sleep",
    "run_engine",
]

_PLACES = {
    "Doors": "front",
    "House": "house",
    "Work": "upkeep",
    "Works": "rollouts",
    "heed_hangup": "hangup",
    "load_pages": "themes",
    "now": "house",
    "open_crew": "crew",
    "open_front": "front",
    "open_house": "opening",
    "open_light_house": "light",
    "open_worker": "crew",
    "open_works": "rollouts",
    "put_to_sleep": "orders",
    "run_engine": "engine",
}


def __getattr__(name: str) -> Any:
    """Load the module that has it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    is_collecting = gc.isenabled()
    gc.disable()  # what modules are made of stays: to look for garbage in it takes a tenth of the time they load in
    try:
        module = import_module(f"{__name__}.{_PLACES[name]}")
    finally:
        if is_collecting:
            gc.enable()
    found = globals()[name] = getattr(module, name)
    return found
