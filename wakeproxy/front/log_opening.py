"""Opens the access log that is configured, and keeps it until its owner ends.

It stands apart from the log, which is compiled: asynchronous generators cannot be.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from wakeproxy.front.access_log import AccessLog
from wakeproxy.front.log_lines import write_combined, write_json
from wakeproxy.front.log_writer import Writer
from wakeproxy.front.trust import Networks
from wakeproxy.settings.values import AccessLogSettings, LogFormat


@asynccontextmanager
async def keep_access_log(
    settings: AccessLogSettings, *, trusted: Networks, clock: Callable[[], datetime]
) -> AsyncIterator[AccessLog | None]:
    """Keep the access log that is configured until the context ends; ``None`` where none is.

    Raises:
        ConfigError: the file cannot be opened.
    """
    if settings.format is LogFormat.OFF:
        yield None
        return
    form = write_json if settings.format is LogFormat.JSON else write_combined
    uptime = asyncio.get_running_loop().time
    log = AccessLog(form, Writer.open(settings.to), trusted=trusted, clock=clock, uptime=uptime)
    log.start()
    try:
        yield log
    finally:
        await log.stop()
