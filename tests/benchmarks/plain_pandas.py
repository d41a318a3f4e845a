"""The windows of one as-of day in pandas, for a loop over the days."""

from __future__ import annotations

import duckdb
import pandas as pd


def loaded(files: list[str]) -> pd.DataFrame:
    """All events in memory, in the smallest columns that hold them."""
    with duckdb.connect(config={"threads": 2}) as db:
        return db.execute("SELECT day, account, person, name, n FROM read_parquet($files)", {"files": files}).df()


def by_pandas(events: pd.DataFrame, day: int) -> pd.DataFrame:
    """The windows of one as-of day; no power users, no cohorts, no score."""
    last_90 = events[(events["day"] > day - 90) & (events["day"] <= day)]
    last_28, last_14 = last_90[last_90["day"] > day - 28], last_90[last_90["day"] > day - 14]
    before = last_28[last_28["day"] <= day - 14]
    user_days = [part.drop_duplicates(["account", "person", "day"]) for part in (last_14, last_90)]
    return pd.DataFrame(
        {
            "volume_14": last_14.groupby("account")["n"].sum(),
            "volume_prior_14": before.groupby("account")["n"].sum(),
            "user_days_14": user_days[0].groupby("account").size(),
            "user_days_90": user_days[1].groupby("account").size(),
            "users_14": last_14.groupby("account")["person"].nunique(),
            "users_28": last_28.groupby("account")["person"].nunique(),
            "users_90": last_90.groupby("account")["person"].nunique(),
            "features_28": last_28.groupby("account")["name"].nunique(),
            "features_90": last_90.groupby("account")["name"].nunique(),
            "last_day": last_90.groupby("account")["day"].max(),
        }
    ).fillna(0)
