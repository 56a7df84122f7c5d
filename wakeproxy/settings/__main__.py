"""Print the tables of ``docs/settings.md``: ``python -m wakeproxy.settings``."""

import sys

from wakeproxy.settings.markdown import render_keys

if __name__ == "__main__":
    sys.stdout.write(render_keys())
