"""A process may run many sandboxes, one after the other: the last of them leaves nothing behind."""

import subprocess
import sys

FORGETS = """
from wakeproxy.sandbox import Sandbox
from moto.core.model_instances import model_data

with Sandbox() as sandbox:
    sandbox.create_service("hello", public=True, desired_count=1)
    made = [one for models in model_data.values() for model in models.values() for one in model.instances_tracked]
    assert made
print([one for models in model_data.values() for model in models.values() for one in model.instances_tracked])
"""


def test_nothing_of_what_moto_made_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", FORGETS], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"
