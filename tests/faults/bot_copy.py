"""The real bot in a process of its own, to be killed or measured.

Arguments: its settings as JSON, and when the test began, in seconds; optionally what time it was then in the test's
world, else the builders' `NOW`. So all copies tell the same time.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.app import build
from bot.demo.clock import DemoClock
from bot.demo.run import DemoSettings
from bot.logs import log_to
from tests.builders import NOW


async def main(values: dict[str, object], began: float, start: datetime) -> None:
    """Run until somebody ends us, with a signal or without a word."""
    log_to()
    clock = DemoClock(ZoneInfo("UTC"), start=start + timedelta(seconds=time.time() - began))
    app = await build(DemoSettings(**values), clock=clock)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    await app.start()
    await ending.wait()
    await app.stop()


if __name__ == "__main__":
    began_at = datetime.fromisoformat(sys.argv[3]) if len(sys.argv) > 3 else NOW
    asyncio.run(main(json.loads(sys.argv[1]), float(sys.argv[2]), began_at))
