"""A real ingestion server in a process of its own, to be killed.

`python ingestion_server.py DATABASE_URL HOME [PAUSE]`. The inbox is worked off again and again, with a
pause in between; the bot's is five seconds.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.bot.ingestion import ingestion


async def serve(url: str, home: Path, pause: float = 0.01) -> None:
    """Tell the address on standard output, then work the inbox off until killed."""
    async with ingestion(url, home) as venue:
        sys.stdout.write(venue.url + "\n")
        sys.stdout.flush()
        while True:
            await venue.drain.run()
            await asyncio.sleep(pause)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])))
