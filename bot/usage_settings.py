"""The settings of usage: how much memory it may take, how long it and words are kept, where it lives if not with us."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from storage.usage.source import Source


class UsageSettings(BaseSettings):
    """Part of `bot/config.py` `Settings`."""

    memory: str = Field(default="1GB", alias="LOOKOUT_MEMORY")
    keep_days: int = Field(default=36_500, ge=180, alias="LOOKOUT_KEEP_DAYS")
    keep_text_days: int = Field(default=36_500, ge=30, alias="LOOKOUT_KEEP_TEXT_DAYS")

    warehouse_url: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_WAREHOUSE_URL")
    warehouse_table: str = Field(default="", alias="LOOKOUT_WAREHOUSE_TABLE")
    warehouse_columns: dict[str, str] = Field(default_factory=dict, alias="LOOKOUT_WAREHOUSE_COLUMNS")
    warehouse_where: str = Field(default="", alias="LOOKOUT_WAREHOUSE_WHERE")
    warehouse_reread_days: int = Field(default=30, ge=2, alias="LOOKOUT_WAREHOUSE_REREAD_DAYS")

    @property
    def warehouse(self) -> Source | None:
        """The team's own event table, None where events are imported."""
        url = self.warehouse_url.get_secret_value()
        if not url:
            return None
        return Source(
            url, self.warehouse_table, self.warehouse_columns, self.warehouse_where, self.warehouse_reread_days
        )

    @property
    def own_usage(self) -> bool:
        """Whether events lie in a folder of ours, which cannot be had anew from elsewhere."""
        return not self.warehouse_table and not self.warehouse_url.get_secret_value()

    @property
    def scored_by_spark(self) -> bool:
        """Whether a job on Spark reads the team's table and we only read what it found."""
        return bool(self.warehouse_table) and self.warehouse is None
