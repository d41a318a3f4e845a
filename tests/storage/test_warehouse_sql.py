"""What warehouses are asked that no machine of ours can run: the SQL is kept, and read by people when it changes.

`LOOKOUT_GOLDEN=update` in the environment rewrites the files.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import ibis
import pytest
import sqlglot

from storage.usage.columns import day_number
from storage.usage.midnights import midnights
from storage.usage.pushdown import Events
from storage.usage.source import Source
from tests.storage.event_world import CAIRO

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("LOOKOUT_GOLDEN") == "update"
DIALECTS = ("snowflake", "bigquery", "databricks", "trino")
SOURCE = Source("any://", "uses", {"account": "org", "user": "usr", "event": "what", "time": "happened", "count": "k"})
TABLE = {"happened": "timestamp('UTC')", "org": "string", "usr": "int64", "what": "string", "k": "int32"}


def questions() -> dict[str, ibis.Table]:
    """Everything a warehouse can be asked, over three days of which one has no midnight."""
    events = Events(ibis.table(TABLE, name="uses"), SOURCE)
    span = midnights(CAIRO, day_number(date(2024, 4, 25)), day_number(date(2024, 4, 27)))
    return {
        "the first event after a moment": events.next_after(span.end),
        "how much each day holds": events.days(span),
        "how much each account did": events.accounts(span),
        "uses that count, by day, account and person": events.user_days(span, {"heartbeat", "it's a ping"}, ["a", "b"]),
        "all uses, by day, account and event name": events.name_days(span),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_warehouse_is_asked_in_its_own_words(dialect: str) -> None:
    told = {title: str(ibis.to_sql(question, dialect=dialect)) for title, question in questions().items()}
    text = "\n\n".join(f"-- {title}\n{sql};" for title, sql in told.items()) + "\n"
    file = GOLDEN / f"warehouse_{dialect}.sql"
    if UPDATE:
        file.write_text(text)
    assert text == file.read_text()
    statements = [sqlglot.parse_one(sql, dialect=dialect) for sql in told.values()]
    assert all(isinstance(one, sqlglot.exp.Select) for one in statements)


def test_no_golden_file_is_left_behind() -> None:
    assert {file.stem for file in GOLDEN.glob("warehouse_*")} == {f"warehouse_{dialect}" for dialect in DIALECTS}
