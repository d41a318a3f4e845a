"""Settings: read once from the environment or `.env`, checked all at once, handed on as plain values.

The field's usual names are kept where they exist (`SLACK_BOT_TOKEN`, `OPENAI_API_KEY`, `DATABASE_URL`); the rest begin
with `LOOKOUT_`. `.env.example` lists all of them and is tested against this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from os import environ
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict, SettingsError

from bot.crm_settings import CrmSettings
from bot.mail_settings import MailSettings
from bot.usage_settings import UsageSettings
from scoring.config import PolicyConfig, ScoreConfig
from scoring.errors import InvalidInput
from scoring.follow_up import FollowUps
from scoring.model import Reading
from scoring.roles import Staff
from storage.usage.memory import Memory

OURS = "LOOKOUT_"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
WRONG = "Lookout did not start, its settings are wrong.\n  "
NO_JSON = 'is not written as JSON, like {"a": "b"}'

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(CrmSettings, MailSettings, UsageSettings):
    """Every setting, with its default. Secrets never print."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_api_url: str = "https://slack.com/api/"

    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: str = ""
    openai_model: str = "gpt-5-mini"

    drafts_per_day: int = Field(default=500, ge=0, alias="LOOKOUT_DRAFTS_PER_DAY")

    database_url: str = ""
    home: Path = Field(default=Path("var"), alias="LOOKOUT_HOME")

    host: str = Field(default="127.0.0.1", alias="LOOKOUT_HOST")
    port: int = Field(default=8080, ge=0, le=65535, alias="LOOKOUT_PORT")
    write_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(default=(), alias="LOOKOUT_WRITE_KEYS")

    leads: bool = Field(default=True, alias="LOOKOUT_LEADS")

    timezone: str = Field(default="UTC", alias="LOOKOUT_TIMEZONE")
    score_hour: int = Field(default=6, ge=0, le=23, alias="LOOKOUT_SCORE_HOUR")
    digest_time: str = Field(default="08:30", pattern=CLOCK, alias="LOOKOUT_DIGEST_TIME")
    work_start: str = Field(default="09:00", pattern=CLOCK, alias="LOOKOUT_WORK_START")
    work_end: str = Field(default="18:00", pattern=CLOCK, alias="LOOKOUT_WORK_END")

    alert_channel: str = Field(default="#cs-alerts", alias="LOOKOUT_ALERT_CHANNEL")
    digest_channel: str = Field(default="#cs-digest", alias="LOOKOUT_DIGEST_CHANNEL")
    ops_channel: str = Field(default="", alias="LOOKOUT_OPS_CHANNEL")
    routes: dict[str, str] = Field(default_factory=dict, alias="LOOKOUT_ROUTES")
    lead_email: str = Field(default="", alias="LOOKOUT_LEAD_EMAIL")

    admins: Names = Field(default=(), alias="LOOKOUT_ADMINS")
    team_leads: Names = Field(default=(), alias="LOOKOUT_TEAM_LEADS")
    second_person_above: int = Field(default=0, ge=0, alias="LOOKOUT_SECOND_PERSON_ABOVE")
    cover_by_status: bool = Field(default=False, alias="LOOKOUT_COVER_BY_STATUS")
    stand_ins: dict[str, str] = Field(default_factory=dict, alias="LOOKOUT_STAND_INS")

    preset: Literal["default", "literal"] = Field(default="default", alias="LOOKOUT_PRESET")
    reading: Reading = Field(default=Reading.COHORT, alias="LOOKOUT_READING")
    baseline_excludes_window: bool = Field(default=False, alias="LOOKOUT_BASELINE_EXCLUDES_WINDOW")
    high_value_tiers: Names = Field(default=(), alias="LOOKOUT_HIGH_VALUE_TIERS")
    budget: float = Field(default=0.10, ge=0, alias="LOOKOUT_ALERT_BUDGET")
    quiet_days: int = Field(default=90, ge=0, alias="LOOKOUT_QUIET_DAYS")
    follow_ups: FollowUps = Field(default=FollowUps.AUTOMATIC, alias="LOOKOUT_FOLLOW_UPS")
    automatic_per_day: int = Field(default=20, ge=0, alias="LOOKOUT_AUTOMATIC_PER_DAY")
    automatic_hold_minutes: int = Field(default=60, ge=1, le=1440, alias="LOOKOUT_AUTOMATIC_HOLD_MINUTES")
    ignored_events: Names = Field(default=(), alias="LOOKOUT_IGNORED_EVENTS")
    key_features: Names = Field(default=(), alias="LOOKOUT_KEY_FEATURES")
    login_events: Names = Field(default=("login", "logged_in", "Logged In"), alias="LOOKOUT_LOGIN_EVENTS")
    journey: dict[str, str] = Field(default_factory=dict, alias="LOOKOUT_JOURNEY")

    imap_host: str = Field(default="", alias="LOOKOUT_IMAP_HOST")
    imap_port: int = Field(default=993, ge=1, le=65535, alias="LOOKOUT_IMAP_PORT")
    imap_username: str = Field(default="", alias="LOOKOUT_IMAP_USERNAME")
    imap_password: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_IMAP_PASSWORD")
    imap_tls: Literal["tls", "starttls", "none"] = Field(default="tls", alias="LOOKOUT_IMAP_TLS")
    imap_ca_file: str = Field(default="", alias="LOOKOUT_IMAP_CA_FILE")

    links: dict[str, str] = Field(default_factory=dict, alias="LOOKOUT_LINKS")
    product_name: str = Field(default="our product", alias="LOOKOUT_PRODUCT_NAME")
    templates: str = Field(default="", alias="LOOKOUT_TEMPLATES")
    log_level: Literal["INFO", "WARNING", "ERROR"] = Field(default="INFO", alias="LOOKOUT_LOG_LEVEL")

    @field_validator(
        "high_value_tiers",
        "ignored_events",
        "key_features",
        "login_events",
        "mail_domains",
        "admins",
        "team_leads",
        "write_keys",
        "secret_keys",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no IANA time zone; write one like Europe/Berlin")
        return value

    @model_validator(mode="after")
    def _working_hours(self) -> Self:
        if self.work_start >= self.work_end:
            raise ValueError("LOOKOUT_WORK_START must be before LOOKOUT_WORK_END")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        try:
            _ = self.staff, self.warehouse, Memory.of(self.memory)
        except InvalidInput as error:
            raise ValueError(str(error)) from None
        return self

    def make_home(self) -> None:
        """Make the data folder, for its owner only (J9); `InvalidInput` when that cannot be."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(f"LOOKOUT_HOME: the folder {self.home} cannot be made ({error.strerror}).") from None

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone: days are counted in it (R9)."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        """The database's URL; a SQLite file in the data folder by default."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.home / 'lookout.db').resolve()}"

    @property
    def staff(self) -> Staff:
        """Who is an admin or a lead."""
        return Staff.named(self.admins, self.team_leads)

    @property
    def usage_home(self) -> Path:
        """Where the usage lies that is scored: what a warehouse rolled up is kept apart from imported events."""
        return self.home if self.warehouse is None else self.home / "warehouse"

    @property
    def socket_mode(self) -> bool:
        """With an app token Slack comes over a socket, without one to `/slack/events`."""
        return bool(self.slack_app_token.get_secret_value())

    @property
    def scoring(self) -> ScoreConfig:
        """The scoring numbers these settings ask for."""
        return ScoreConfig(
            reading=self.reading,
            baseline_excludes_window=self.baseline_excludes_window,
            ignored_events=frozenset(self.ignored_events),
            key_features=frozenset(self.key_features),
            login_events=frozenset(self.login_events),
            journey=self.journey,
        )

    @property
    def policy(self) -> PolicyConfig:
        """The alerting numbers these settings ask for."""
        return PolicyConfig(
            preset=self.preset,
            budget_per_account_month=self.budget,
            quiet_days=self.quiet_days,
            follow_ups=self.follow_ups,
            automatic_per_day=self.automatic_per_day,
            automatic_hold_minutes=self.automatic_hold_minutes,
            high_value_tiers=frozenset(self.high_value_tiers),
        )


def load(**values: object) -> Settings:
    """The settings from the environment and `.env`, or one error that names every fault and prints no value."""
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors())
        raise InvalidInput(WRONG + "\n  ".join(faults)) from None
    except SettingsError as error:
        # Something that should be JSON is not. The error quotes the field alone; its cause holds the value.
        raise InvalidInput(f"{WRONG}{_named(error)}: {NO_JSON}") from None


def misspelt(given: Mapping[str, str] = environ, file: Path = Path(".env")) -> dict[str, str]:
    """Variables that look like ours and mean nothing, each with the nearest that does (empty: none is near)."""
    known = [field.alias for field in Settings.model_fields.values() if field.alias]
    names = {name.upper() for name in (*given, *dotenv_values(file))}
    unknown = sorted(name for name in names if name.startswith(OURS) and name not in known)
    return {name: next(iter(get_close_matches(name, known, n=1)), "") for name in unknown}


def _named(error: SettingsError) -> str:
    """The variable's name of a field that pydantic could not even read."""
    found = re.search(r'field "(\w+)"', str(error))
    field = Settings.model_fields.get(found.group(1)) if found else None
    return str((field.alias if field else None) or (found.group(1).upper() if found else "settings"))
