"""Clients nobody here wrote: the AWS CLI and ecs-deploy.

They need other versions of botocore than the project, so they live in an environment of their own, `.venv-peers/`,
made once from `requirements/peers.txt`.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_REQUIREMENTS: Final = _ROOT / "requirements" / "peers.txt"
_HOME: Final = _ROOT / ".venv-peers"


def make_peers() -> Path:
    """Make them unless they are there, which downloads them; the folder of their programs."""
    stamp, wanted = _HOME / "made-from", hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", _HOME], check=True)
        pip = [str(_HOME / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", _REQUIREMENTS], check=True)
        stamp.write_text(wanted)
    return _HOME / "bin"
