"""How soon the command line answers, and the demo serves."""

import re
import subprocess
import sys
import time
from statistics import median

_RUNS = 5


def time_help() -> float:
    """Seconds of ``wakeproxy --help``."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "wakeproxy", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def time_demo() -> float:
    """Seconds until ``wakeproxy demo`` says where its services are, which it does when they can be visited."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "wakeproxy", "demo", "--port", "0", "--admin-port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr
        for line in demo.stderr:
            if re.search(r"http://hello\.localhost:\d+/", line):
                break
        seconds = time.perf_counter() - began
        demo.terminate()
    return seconds


def main() -> None:
    for what, measure, bound in (("--help", time_help, 0.3), ("demo serves", time_demo, 5.0)):
        seconds = median(measure() for _ in range(_RUNS))
        print(f"{what:14}{seconds:7.2f} s   (promised: under {bound:g} s; median of {_RUNS})")


if __name__ == "__main__":
    main()
