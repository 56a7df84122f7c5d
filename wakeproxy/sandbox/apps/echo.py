"""`wakeproxy/echo`: what an unknown image runs under `--pull any`; every path answers as hello's /api/echo does."""

import json

from wakeproxy.sandbox.apps.hello import Hello
from wakeproxy.sandbox.apps.serving import serve


class Echo(Hello):
    """Answers every request with itself."""

    def respond(self) -> None:
        """Repeat the request as JSON."""
        self.send("application/json", json.dumps(self._echo(), indent=1).encode() + b"\n")


if __name__ == "__main__":
    serve(Echo)
