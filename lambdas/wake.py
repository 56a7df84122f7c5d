"""The wake Lambda: answers visitors of API Gateway, a function URL or a load balancer, and operators.

``handler`` is what AWS calls. The environment's one loop and its clients are made with the first event, and stay.
"""

import logging
from pathlib import Path

from wakeproxy import precompiled

precompiled.use(Path(__file__).with_name(precompiled.NAME))  # first of all: whatever is imported next has data classes

from wakeproxy.bootstrap.serverless import WakeFunction  # noqa: E402 - see above

logging.getLogger("wakeproxy").setLevel(logging.INFO)
handler = WakeFunction()
