"""A real ingestion server in a process of its own, to be killed: `python ingestion_server.py DATABASE_URL HOME`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.bot.ingestion import ingestion


async def serve(url: str, home: Path) -> None:
    """Tell the address on standard output, then work the inbox off without a pause until killed."""
    async with ingestion(url, home) as venue:
        sys.stdout.write(venue.url + "\n")
        sys.stdout.flush()
        while True:
            await venue.drain.run()
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
