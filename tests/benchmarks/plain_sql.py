"""The windows again, as the SQL one would write by hand: each as-of day joined to its last 90 days of events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

WINDOWS = """
WITH ending AS (SELECT unnest(range($first::INTEGER, $last::INTEGER + 1))::INTEGER AS ending),
user_days AS (SELECT account, day, person AS key, sum(n) AS n FROM read_parquet($files) GROUP BY ALL),
name_days AS (SELECT account, day, name AS key FROM read_parquet($files) GROUP BY ALL),
people AS (
    SELECT ending, account,
        sum(n) FILTER (day > ending - 14) AS volume_14,
        count(*) FILTER (day > ending - 14) AS user_days_14,
        count(*) AS user_days_90,
        count(DISTINCT key) FILTER (day > ending - 14) AS users_14,
        count(DISTINCT key) FILTER (day > ending - 28) AS users_28,
        count(DISTINCT key) AS users_90
    FROM ending JOIN user_days ON day <= ending AND day > ending - 90 GROUP BY ALL
),
names AS (
    SELECT ending, account,
        count(DISTINCT key) FILTER (day > ending - 28) AS features_28,
        count(DISTINCT key) AS features_90
    FROM ending JOIN name_days ON day <= ending AND day > ending - 90 GROUP BY ALL
)
SELECT ending, account, coalesce(volume_14, 0)::BIGINT, user_days_14, user_days_90, users_14, users_28, users_90,
    features_28, features_90
FROM people JOIN names USING (ending, account) ORDER BY ending, account
"""
COLUMNS = (
    "volume_14", "user_days_14", "user_days_90", "users_14", "users_28", "users_90", "features_28", "features_90",
)  # fmt: skip


def windows(home: Path, first: int, last: int) -> list[tuple[Any, ...]]:
    """(as-of day, account number, the columns) for every account with any use in the 90 days; no event is ignored."""
    files = [str(file) for file in (home / "usage" / "days").glob("*.parquet")]
    with duckdb.connect() as db:
        return db.execute(WINDOWS, {"first": first, "last": last, "files": files}).fetchall()
