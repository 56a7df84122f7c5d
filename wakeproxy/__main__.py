"""``python -m wakeproxy`` and the ``wakeproxy`` command."""

from wakeproxy.cli.app import main

if __name__ == "__main__":
    main()
