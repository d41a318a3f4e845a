"""The settings of the team's CRM: which one, how to sign in, and how often to read it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class CrmSettings(BaseSettings):
    """Part of `bot/config.py` `Settings`. Empty `crm`: there is none, and nothing is said of one."""

    crm: Literal["", "hubspot", "salesforce"] = Field(default="", alias="LOOKOUT_CRM")
    crm_url: str = Field(default="", alias="LOOKOUT_CRM_URL")
    crm_token: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_CRM_TOKEN")
    crm_client_id: str = Field(default="", alias="LOOKOUT_CRM_CLIENT_ID")
    crm_client_secret: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_CRM_CLIENT_SECRET")
    crm_refresh_token: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_CRM_REFRESH_TOKEN")
    crm_mapping: str = Field(default="", alias="LOOKOUT_CRM_MAPPING")
    crm_sync_hours: float = Field(default=6, ge=0, alias="LOOKOUT_CRM_SYNC_HOURS")
