"""A handler without AWS's client library, as a Lambda opens the house."""

from benchmarks.lambda_cold_start.handler import handle
from wakeproxy.bootstrap import open_light_house

handle(open_light_house)
