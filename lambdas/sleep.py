"""The sleep Lambda: one sweep for each event of EventBridge, whatever the event says.

``handler`` is what AWS calls. The environment's one loop and its clients are made with the first event, and stay.
"""

import logging

from wakeproxy.bootstrap.serverless import SleepFunction

logging.getLogger("wakeproxy").setLevel(logging.INFO)
handler = SleepFunction()
