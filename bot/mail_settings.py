"""The settings of mail: the relay, the domains we may write from, and what mailboxes of CSMs need."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode


class MailSettings(BaseSettings):
    """Part of `bot/config.py` `Settings`. Mailboxes themselves are kept in the database: `lookout mailbox`."""

    sandbox: bool = Field(default=False, alias="LOOKOUT_SANDBOX")

    smtp_host: str = Field(default="", alias="LOOKOUT_SMTP_HOST")
    smtp_port: int = Field(default=587, ge=1, le=65535, alias="LOOKOUT_SMTP_PORT")
    smtp_username: str = Field(default="", alias="LOOKOUT_SMTP_USERNAME")
    smtp_password: SecretStr = Field(default=SecretStr(""), alias="LOOKOUT_SMTP_PASSWORD")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(default="starttls", alias="LOOKOUT_SMTP_TLS")
    smtp_ca_file: str = Field(default="", alias="LOOKOUT_SMTP_CA_FILE")
    mail_domains: Annotated[tuple[str, ...], NoDecode] = Field(default=(), alias="LOOKOUT_MAIL_DOMAINS")

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(default=(), alias="LOOKOUT_SECRET_KEYS")
    opt_out_line: str = Field(default="", alias="LOOKOUT_OPT_OUT_LINE")
    unsubscribe: str = Field(default="", alias="LOOKOUT_UNSUBSCRIBE")
    gmail_url: str = Field(default="https://gmail.googleapis.com", alias="LOOKOUT_GMAIL_URL")
    google_token_url: str = Field(default="https://oauth2.googleapis.com/token", alias="LOOKOUT_GOOGLE_TOKEN_URL")
    graph_url: str = Field(default="https://graph.microsoft.com/v1.0", alias="LOOKOUT_GRAPH_URL")
    microsoft_token_url: str = Field(
        default="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", alias="LOOKOUT_MICROSOFT_TOKEN_URL"
    )

    @property
    def can_mail(self) -> bool:
        """Whether there is a way out for mail at all: domains to write from, and a relay or keys for mailboxes."""
        return bool(self.mail_domains) and bool(self.has_relay or self.secret_keys)

    @property
    def has_relay(self) -> bool:
        """Whether those can write who have no mailbox of their own; in the sandbox everybody writes to a folder."""
        return self.sandbox or bool(self.smtp_host)

    @property
    def misses_no_answer(self) -> bool:
        """Whether no answer can be missed although no mailbox is read; in the sandbox nobody can answer."""
        return self.sandbox
