"""`wakeproxy/slow`: an app that takes long to start; listens only START_SECONDS (8) after its process began."""

import os
import time

from wakeproxy.sandbox.apps.hello import Hello
from wakeproxy.sandbox.apps.serving import serve

if __name__ == "__main__":
    time.sleep(float(os.environ.get("START_SECONDS", "8")))  # noqa: TID251 - a container is configured by its environment
    serve(Hello)
