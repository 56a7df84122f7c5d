"""A handler by AWS's client library, as the front opens the house."""

from benchmarks.lambda_cold_start.handler import handle
from wakeproxy.bootstrap import open_house

handle(open_house)
