"""Where a team's own event table is and what its columns are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scoring.errors import InvalidInput

NEEDED = ("account", "user", "event", "time")
KNOWN = {*NEEDED, "count"}
LACKING = (
    "LOOKOUT_WAREHOUSE_COLUMNS must name your columns for account, user, event and time (count is optional), like "
    '{{"account": "org_id", "user": "user_id", "event": "name", "time": "created_at"}}. {fault}'
)
NO_TABLE = "LOOKOUT_WAREHOUSE_URL is set, so LOOKOUT_WAREHOUSE_TABLE must name the table of your events."


@dataclass(frozen=True, slots=True)
class Source:
    """A table of events that is read and never written; plain values, so that it can travel to a worker.

    `columns` maps account, user, event, time and optionally count to the table's own names; times without a zone are
    UTC. `where` is a condition in the warehouse's own SQL. In the last `reread` days late events are looked for.
    """

    url: str = field(repr=False)
    table: str
    columns: Mapping[str, str]
    where: str = ""
    reread: int = 30

    def __post_init__(self) -> None:
        """Check what can be checked without asking the warehouse.

        Raises:
            InvalidInput: the table or a column is not named, or a name stands for nothing we know.
        """
        if not self.table:
            raise InvalidInput(NO_TABLE)
        missing = [name for name in NEEDED if not self.columns.get(name)]
        strange = sorted(self.columns.keys() - KNOWN)
        if missing or strange:
            fault = f"{missing[0]} is missing." if missing else f"{strange[0]} is none of them."
            raise InvalidInput(LACKING.format(fault=fault))

    @property
    def fingerprint(self) -> str:
        """Changes when other events are meant, not when a password does."""
        url = urlsplit(self.url)
        place = [url.scheme, url.hostname, url.port, url.path]
        told = json.dumps([place, self.table, sorted(self.columns.items()), self.where])
        return hashlib.sha256(told.encode()).hexdigest()[:32]
