"""The real bot in a process of its own, to be killed: settings as JSON, and when the test's time began, as arguments.

All copies tell the same time: that of the test's world, as long ago as the test began.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.app import build
from bot.demo.clock import DemoClock
from bot.demo.run import DemoSettings
from tests.builders import NOW


async def main(values: dict[str, object], began: float) -> None:
    """Run until somebody ends us, with a signal or without a word."""
    clock = DemoClock(ZoneInfo("UTC"), start=NOW + timedelta(seconds=time.time() - began))
    app = await build(DemoSettings(**values), clock=clock)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    await app.start()
    await ending.wait()
    await app.stop()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), float(sys.argv[2])))
