"""The only place where things meet: settings, adapters and the engine become a house that can be opened.

`house` opens the adapters, `engine` runs over them, `front` serves visitors with both in one process, `crew` does so
with several, and `upkeep` changes what is served meanwhile.
"""

from wakeproxy.bootstrap.crew import open_crew, open_worker
from wakeproxy.bootstrap.engine import run_engine
from wakeproxy.bootstrap.front import Doors, open_front
from wakeproxy.bootstrap.hangup import heed_hangup
from wakeproxy.bootstrap.house import House, now, open_house
from wakeproxy.bootstrap.themes import load_pages
from wakeproxy.bootstrap.upkeep import Work

__all__ = [
    "Doors",
    "House",
    "Work",
    "heed_hangup",
    "load_pages",
    "now",
    "open_crew",
    "open_front",
    "open_house",
    "open_worker",
    "run_engine",
]
