"""`wakeproxy/crasher`: an app that answers for LIVE_SECONDS (2), then exits with EXIT_CODE (1)."""

import os
import sys
import threading

from wakeproxy.sandbox.apps.hello import Hello
from wakeproxy.sandbox.apps.serving import serve


def _crash(exit_code: int) -> None:
    sys.stdout.write(f"crashing with exit code {exit_code}\n")
    sys.stdout.flush()
    os._exit(exit_code)


if __name__ == "__main__":
    live = float(os.environ.get("LIVE_SECONDS", "2"))  # noqa: TID251 - a container is configured by its environment
    code = int(os.environ.get("EXIT_CODE", "1"))  # noqa: TID251
    timer = threading.Timer(live, _crash, [code])
    timer.daemon = True
    timer.start()
    serve(Hello)
