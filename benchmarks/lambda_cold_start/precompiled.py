"""The same with the methods of its data classes compiled beforehand, as a bundle may bring them along."""

import os
from pathlib import Path

from wakeproxy import precompiled

assert precompiled.use(Path(os.environ["PRECOMPILED"]))

from benchmarks.lambda_cold_start import ours  # noqa: E402, F401 - it answers as it is loaded
