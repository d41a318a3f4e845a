-- the first event after a moment
SELECT
  MIN("t1"."at") AS "at"
FROM (
  SELECT
    "t0"."happened" AS "at",
    "t0"."org" AS "account",
    CAST("t0"."usr" AS VARCHAR) AS "person",
    "t0"."what" AS "name",
    COALESCE(CAST("t0"."k" AS BIGINT), 1) AS "n"
  FROM "uses" AS "t0"
  WHERE
    "t0"."org" <> ''
    AND CAST("t0"."usr" AS VARCHAR) <> ''
    AND "t0"."what" <> ''
    AND "t0"."happened" >= CAST(FROM_ISO8601_TIMESTAMP('2024-04-27T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
) AS "t1";

-- how much each day holds
SELECT
  "t1"."day",
  COUNT(*) AS "events",
  SUM("t1"."n") AS "uses",
  MAX("t1"."at") AS "newest"
FROM (
  SELECT
    "t0"."happened" AS "at",
    "t0"."org" AS "account",
    CAST("t0"."usr" AS VARCHAR) AS "person",
    "t0"."what" AS "name",
    COALESCE(CAST("t0"."k" AS BIGINT), 1) AS "n",
    CASE
      WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-25T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
      THEN 19838
      ELSE CASE
        WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-26T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
        THEN 19839
        ELSE 19840
      END
    END AS "day"
  FROM "uses" AS "t0"
  WHERE
    "t0"."org" <> ''
    AND CAST("t0"."usr" AS VARCHAR) <> ''
    AND "t0"."what" <> ''
    AND "t0"."happened" >= CAST(FROM_ISO8601_TIMESTAMP('2024-04-24T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
    AND "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-27T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
) AS "t1"
GROUP BY
  1;

-- how much each account did
SELECT
  "t1"."account",
  COUNT(*) AS "events"
FROM (
  SELECT
    "t0"."happened" AS "at",
    "t0"."org" AS "account",
    CAST("t0"."usr" AS VARCHAR) AS "person",
    "t0"."what" AS "name",
    COALESCE(CAST("t0"."k" AS BIGINT), 1) AS "n",
    CASE
      WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-25T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
      THEN 19838
      ELSE CASE
        WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-26T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
        THEN 19839
        ELSE 19840
      END
    END AS "day"
  FROM "uses" AS "t0"
  WHERE
    "t0"."org" <> ''
    AND CAST("t0"."usr" AS VARCHAR) <> ''
    AND "t0"."what" <> ''
    AND "t0"."happened" >= CAST(FROM_ISO8601_TIMESTAMP('2024-04-24T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
    AND "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-27T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
) AS "t1"
GROUP BY
  1;

-- uses that count, by day, account and person
SELECT
  *
FROM (
  SELECT
    "t1"."day",
    "t1"."account",
    "t1"."key",
    SUM("t1"."n") AS "n"
  FROM (
    SELECT
      CASE
        WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-25T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
        THEN 19838
        ELSE CASE
          WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-26T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
          THEN 19839
          ELSE 19840
        END
      END AS "day",
      "t0"."org" AS "account",
      COALESCE(CAST("t0"."k" AS BIGINT), 1) AS "n",
      CAST("t0"."usr" AS VARCHAR) AS "key"
    FROM "uses" AS "t0"
    WHERE
      "t0"."org" <> ''
      AND CAST("t0"."usr" AS VARCHAR) <> ''
      AND "t0"."what" <> ''
      AND "t0"."happened" >= CAST(FROM_ISO8601_TIMESTAMP('2024-04-24T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
      AND "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-27T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
      AND "t0"."org" IN ('a', 'b')
      AND NOT (
        "t0"."what" IN ('heartbeat', 'it''s a ping')
      )
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
) AS "t2"
WHERE
  "t2"."n" > 0;

-- all uses, by day, account and event name
SELECT
  *
FROM (
  SELECT
    "t1"."day",
    "t1"."account",
    "t1"."key",
    SUM("t1"."n") AS "n"
  FROM (
    SELECT
      CASE
        WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-25T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
        THEN 19838
        ELSE CASE
          WHEN "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-26T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
          THEN 19839
          ELSE 19840
        END
      END AS "day",
      "t0"."org" AS "account",
      COALESCE(CAST("t0"."k" AS BIGINT), 1) AS "n",
      "t0"."what" AS "key"
    FROM "uses" AS "t0"
    WHERE
      "t0"."org" <> ''
      AND CAST("t0"."usr" AS VARCHAR) <> ''
      AND "t0"."what" <> ''
      AND "t0"."happened" >= CAST(FROM_ISO8601_TIMESTAMP('2024-04-24T22:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
      AND "t0"."happened" < CAST(FROM_ISO8601_TIMESTAMP('2024-04-27T21:00:00+00:00') AS TIMESTAMP WITH TIME ZONE)
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
) AS "t2"
WHERE
  "t2"."n" > 0;
