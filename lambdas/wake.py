"""The wake Lambda: answers visitors of API Gateway, a function URL or a load balancer, and operators.

``handler`` is what AWS calls. The environment's one loop and its clients are made with the first event, and stay.
"""

import logging

from wakeproxy.bootstrap.serverless import WakeFunction

logging.getLogger("wakeproxy").setLevel(logging.INFO)
handler = WakeFunction()
