"""The only place where things meet: settings, adapters and the engine become a house that can be opened.

`house` opens the adapters, `engine` runs over them, `front` serves visitors with both in one process, and `crew` does
so with several.
"""

from wakeproxy.bootstrap.crew import open_crew, open_worker
from wakeproxy.bootstrap.engine import run_engine
from wakeproxy.bootstrap.front import Doors, load_pages, open_front
from wakeproxy.bootstrap.house import House, now, open_house

__all__ = [
    "Doors",
    "House",
    "load_pages",
    "now",
    "open_crew",
    "open_front",
    "open_house",
    "open_worker",
    "run_engine",
]
