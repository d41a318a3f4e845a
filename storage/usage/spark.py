"""Scoring inside Spark, for events that one machine cannot read: one task a block of accounts, then one task a day.

The first pass makes the windows, which is nearly all of the work, where the accounts' events are; the second reads
each day's narrow features of all accounts, because percentiles and benchmarks compare accounts with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that everybody knows it by

from scoring.config import ScoreConfig
from scoring.journeys import steps
from scoring.model import Account, Milestone, Snapshot
from scoring.roster import Milestones, Roster, day_number
from scoring.usage_ratio import FORTNIGHT, GROWN, Beginnings, beginnings, benchmarks
from scoring.windows import LATER, LEAD, Ints, Span
from storage.usage.columns import NAME, PERSON, QUARTER_US, day_of
from storage.usage.midnights import QUARTERS_A_DAY, offsets
from storage.usage.pushdown import name_days, user_days
from storage.usage.source import Source
from storage.usage.spark_tasks import FEATURES, SCORES, TEXTS, Cohort, day_frame, day_scores, window_features

DAY_US = QUARTERS_A_DAY * QUARTER_US
ACCOUNTS_A_BLOCK = 256
EVENTS = "lookout_events"
EVENT_COLUMNS = {"day": "int32", "account": "string", "person": "string", "name": "string", "n": "int64"}
SPARK_TYPES = {pa.string(): "string", pa.date32(): "date", pa.float64(): "double", pa.int64(): "bigint"}


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be scored; `work` is a folder that every worker reaches, for what lies between the passes."""

    source: Source
    zone: ZoneInfo
    config: ScoreConfig
    accounts: Sequence[Account]
    milestones: Sequence[Milestone]
    first: date
    last: date
    work: str
    accounts_a_block: int = ACCOUNTS_A_BLOCK

    @property
    def span(self) -> Span:
        """The as-of days, and how far back their windows read."""
        first = day_number(self.first)
        return Span(first - LEAD + 1, first, day_number(self.last))


def session() -> SparkSession:
    """The session that `spark-submit` gave us, or one as this machine's Spark settings say."""
    return SparkSession.builder.appName("Lookout scores").getOrCreate()


class SparkScores:
    """One job on a session, whose time zone is set to UTC; `run` first, then ask."""

    def __init__(self, spark: SparkSession, job: Job) -> None:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        self._spark = spark
        self._job = job
        self._features = f"{job.work}/features"
        self._rolled = f"{job.work}/rollups"

    def run(self) -> Cohort:
        """Both passes up to the features; gives what a day's scores need besides them."""
        self._roll_ups().write.mode("overwrite").parquet(self._rolled)
        self._windows().write.mode("overwrite").parquet(self._features)
        return self._cohort()

    def write(self, cohort: Cohort, out: str) -> None:
        """Write one row an account and day, as Parquet files in a folder; what was there is replaced."""
        shared = self._spark.sparkContext.broadcast(cohort)
        found = (
            self._days()
            .groupBy("day")
            .applyInArrow(
                lambda features: day_scores(shared.value, features),
                ", ".join(f"{name} {SPARK_TYPES[kind]}" for name, kind in SCORES.items()),
            )
        )
        found.sortWithinPartitions("account_id", "day").write.mode("overwrite").parquet(out)

    def snapshots(self, cohort: Cohort, day: date) -> list[Snapshot]:
        """Every account's snapshot at the end of a day of the job, for the database; computed here, not in a task."""
        features = self._days().where(F.col("day") == day_number(day)).toArrow()
        frame, texts = day_frame(cohort, features)
        return frame.snapshots(day, texts)

    def uses(self, days: int) -> dict[date, int]:
        """All uses of each of the last days that holds any."""
        last = self._job.span.last
        names = self._read(self._rolled).where((F.col("kind") == NAME) & (F.col("day") > last - days))
        return {day_of(day): count for day, count in names.groupBy("day").agg(F.sum("n")).collect()}

    # -- the first pass ---------------------------------------------------------------------------------------------

    def _roll_ups(self) -> DataFrame:
        """The two daily roll-ups in one table, by the same statements that warehouses are asked (`pushdown.py`)."""
        self._events().createOrReplaceTempView(EVENTS)
        events = ibis.table(EVENT_COLUMNS, name=EVENTS)
        parts = {PERSON: user_days(events, self._job.config.ignored_events), NAME: name_days(events)}
        found = [
            self._spark.sql(str(ibis.to_sql(question, dialect="pyspark"))).withColumn("kind", F.lit(kind))
            for kind, question in parts.items()
        ]
        return found[0].unionByName(found[1])

    def _events(self) -> DataFrame:
        """Events of known accounts up to the last day, each with its day in the workspace's time zone."""
        source, wanted = self._job.source, self._job.source.columns
        rows = self._spark.table(f"parquet.`{source.table}`" if "/" in source.table else source.table)
        rows = rows.where(source.where) if source.where else rows
        count = F.coalesce(F.col(wanted["count"]).cast("bigint"), F.lit(1)) if wanted.get("count") else F.lit(1)
        rows = rows.select(
            F.unix_micros(F.col(wanted["time"]).cast("timestamp")).alias("at"),
            F.col(wanted["account"]).cast("string").alias("account"),
            F.col(wanted["user"]).cast("string").alias("person"),
            F.col(wanted["event"]).cast("string").alias("name"),
            count.cast("bigint").alias("n"),
        )
        rows = self._with_days(rows.where("person <> '' AND name <> ''"))
        known = self._spark.createDataFrame([(one.id,) for one in self._job.accounts], "account string")
        return rows.join(F.broadcast(known), "account")

    def _with_days(self, rows: DataFrame) -> DataFrame:
        """The local `day` of each instant `at`, in whole numbers and by our own table of zones; until the last day.

        Column by column: Spark would write a step out again wherever the next one names it.
        """
        last = self._job.span.last
        rows = rows.withColumn("at", F.expr(f"at - pmod(at, {QUARTER_US}L)"))
        rows = rows.withColumn("at", F.expr(f"at + {_ahead(offsets(self._job.zone, 0, last + 1))}"))
        rows = rows.withColumn("day", F.expr(f"CAST((at - pmod(at, {DAY_US}L)) div {DAY_US}L AS INT)"))
        return rows.where(F.col("day") <= last).drop("at")

    def _windows(self) -> DataFrame:
        """The features of every account and day; nothing but its block's roll-ups enters a task."""
        span, config = self._job.span, self._job.config
        blocks = -(-len(self._job.accounts) // self._job.accounts_a_block)
        block = F.pmod(F.xxhash64("account"), F.lit(max(blocks, 1)))
        rows = self._read(self._rolled).withColumn("block", block)
        return rows.groupBy("block").applyInArrow(
            lambda rolled: window_features(rolled, span, config), feature_schema()
        )

    # -- between the passes -----------------------------------------------------------------------------------------

    def _cohort(self) -> Cohort:
        job = self._job
        accounts = sorted(job.accounts, key=lambda account: account.id)
        places = {account.id: place for place, account in enumerate(accounts)}
        people = self._read(self._rolled).where(F.col("kind") == PERSON)
        arrivals = people.groupBy("account", "key").agg(F.min("day").alias("day"))
        arrived = _collected(arrivals.groupBy("account", "day").agg(F.count("*").alias("people")), places)
        first_use = np.full(len(accounts), LATER, np.int64)
        np.minimum.at(first_use, arrived["account"], arrived["day"])
        roster = Roster.of(accounts, first_use)
        milestones = Milestones.of(job.milestones, places)
        during = (day_number(job.first), day_number(job.last))
        return Cohort(
            roster=roster,
            milestones=milestones,
            steps=tuple(steps(job.config.journey.items(), self._first_days(places), milestones)),
            peers=benchmarks(
                roster, self._begun(people, roster, places, arrived), job.config.min_benchmark_peers, during=during
            ),
            config=job.config,
        )

    def _first_days(self, places: dict[str, int]) -> dict[str, Ints]:
        """For each event of the configured journey that ever came: its first day by account (R23)."""
        journey = self._job.config.journey
        wanted = F.col("key").isin(sorted({*journey, *journey.values()}))
        names = self._read(self._rolled).where((F.col("kind") == NAME) & wanted)
        found: dict[str, Ints] = {}
        for account, key, day in names.groupBy("account", "key").agg(F.min("day")).collect():
            found.setdefault(key, np.full(len(places), LATER, np.int64))[places[account]] = day
        return found

    def _begun(self, people: DataFrame, roster: Roster, places: dict[str, int], arrived: dict[str, Ints]) -> Beginnings:
        """How accounts used the product in their first days; few rows, since only those days are asked for."""
        life = [
            (account.id, int(born) - FORTNIGHT + 1, int(born) + GROWN - 1)
            for account, born in zip(roster.accounts, roster.born, strict=True) if born < LATER
        ]  # fmt: skip
        lives = self._spark.createDataFrame(life, "account string, low bigint, high bigint")
        early = people.join(F.broadcast(lives), "account").where("day BETWEEN low AND high")
        used = _collected(early.groupBy("account", "day").agg(F.count("*").alias("users")), places)
        seen = (np.repeat(arrived["account"], arrived["people"]), np.repeat(arrived["day"], arrived["people"]))
        return beginnings(roster, used["account"], used["day"], used["users"], seen)

    # -- the second pass --------------------------------------------------------------------------------------------

    def _days(self) -> DataFrame:
        """All features, and one row without an account for each day, so that no day is left out."""
        span = self._job.span
        days = self._spark.range(span.first, span.last + 1).select(F.col("id").alias("day"))
        return self._read(self._features).unionByName(days, allowMissingColumns=True)

    def _read(self, folder: str) -> DataFrame:
        return self._spark.read.parquet(folder)


def feature_schema() -> str:
    """The features' columns as Spark writes them."""
    kinds = {name: "string" if name in TEXTS else "bigint" for name in FEATURES}
    return ", ".join(f"{name} {kind}" for name, kind in {"account": "string", "day": "bigint", **kinds}.items())


def _ahead(changes: Sequence[tuple[int, int]]) -> str:
    """SQL for how far ahead of UTC an instant `at` is: halves of the changes, halves of the halves."""
    if len(changes) == 1:
        return f"{changes[0][1]}L"
    middle = len(changes) // 2
    earlier, later = _ahead(changes[:middle]), _ahead(changes[middle:])
    return f"CASE WHEN at < {changes[middle][0]}L THEN {earlier} ELSE {later} END"


def _collected(rows: DataFrame, places: dict[str, int]) -> dict[str, Ints]:
    """Narrow rows as columns of numbers, with each account's place."""
    table: Any = rows.toArrow()
    found = {name: np.asarray(table[name].to_numpy(), np.int64) for name in table.column_names if name != "account"}
    owners = (places[account] for account in table["account"].to_pylist())
    return {"account": np.fromiter(owners, np.int64, table.num_rows), **found}
