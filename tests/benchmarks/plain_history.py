"""The windows of a whole history as one SQL query, as one writes it by hand for DuckDB."""

from __future__ import annotations

import duckdb

QUERY = """
WITH events AS (SELECT day, account, person, name, n FROM read_parquet($files)),
endings AS (SELECT unnest(range($first::INTEGER, $last::INTEGER + 1))::INTEGER AS ending),
user_days AS MATERIALIZED (SELECT account, person, day, sum(n)::BIGINT AS n FROM events GROUP BY ALL),
name_days AS MATERIALIZED (SELECT account, name, day, sum(n)::BIGINT AS n FROM events GROUP BY ALL),
persons AS (
    SELECT ending, account, person, count(*) AS days_90, max(day) AS last_day, sum(n) AS uses_90,
        coalesce(sum(n) FILTER (day > ending - 14), 0) AS uses_14,
        coalesce(sum(n) FILTER (day <= ending - 14 AND day > ending - 28), 0) AS uses_prior_14,
        coalesce(sum(n) FILTER (day <= ending - 14 AND day > ending - 42), 0) AS uses_28,
        count(*) FILTER (day > ending - 14) AS days_14
    FROM endings JOIN user_days ON day <= ending AND day > ending - 90 GROUP BY ALL
),
people AS (
    SELECT ending, account, sum(uses_14)::BIGINT AS volume_14, sum(uses_prior_14)::BIGINT AS volume_prior_14,
        sum(days_14)::BIGINT AS user_days_14, sum(days_90)::BIGINT AS user_days_90,
        count(*) FILTER (days_14 > 0) AS users_14, count(*) FILTER (last_day > ending - 28) AS users_28,
        count(*) AS users_90, max(last_day) AS last_day, sum(uses_28)::BIGINT AS power_total,
        count(*) FILTER (uses_28 > 0) AS power_users,
        max({'uses': uses_28, 'first': -person, 'uses_14': uses_14, 'uses_90': uses_90, 'last_day': last_day}) AS power
    FROM persons GROUP BY ALL
),
names AS (
    SELECT ending, account, count(*) FILTER (last_day > ending - 28) AS features_28, count(*) AS features_90
    FROM (
        SELECT ending, account, name, max(day) AS last_day
        FROM endings JOIN name_days ON day <= ending AND day > ending - 90 GROUP BY ALL
    ) GROUP BY ALL
),
known AS (
    SELECT ending, account, count(*) AS known_users
    FROM endings JOIN (SELECT account, person, min(day) AS first_day FROM user_days GROUP BY ALL) ON first_day <= ending
    GROUP BY ALL
)
SELECT ending, account, * EXCLUDE (ending, account, power), power.uses::BIGINT AS power_uses,
    -power['first'] AS power_person, power.uses_14::BIGINT AS power_uses_14, power.uses_90::BIGINT AS power_uses_90,
    power.last_day AS power_last_day
FROM people JOIN names USING (ending, account) JOIN known USING (ending, account)
"""


def by_sql(files: list[str], target: str, first: int, last: int) -> None:
    """Write the history of every account with use in the 90 days before an as-of day; no cohorts, no score."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "6GB", "preserve_insertion_order": False}) as db:
        db.execute(f"COPY ({QUERY}) TO '{target}' (FORMAT parquet)", {"files": files, "first": first, "last": last})
