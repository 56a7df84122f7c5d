"""The sleep Lambda: one sweep for each event of EventBridge, whatever the event says.

``handler`` is what AWS calls. The environment's one loop and its clients are made with the first event, and stay.
"""

import logging
from pathlib import Path

from wakeproxy import precompiled

precompiled.use(Path(__file__).with_name(precompiled.NAME))  # first of all: whatever is imported next has data classes

from wakeproxy.bootstrap.serverless import SleepFunction  # noqa: E402 - see above

logging.getLogger("wakeproxy").setLevel(logging.INFO)
handler = SleepFunction()
