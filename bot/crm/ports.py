"""A CRM as a source of accounts and contacts; `bot/connectors/` implements it, `bot/importing/crm.py` uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from scoring.crm import TheirAccount, TheirContact


class Records(Protocol):
    """Everything in it, page by page. All methods raise `CrmRefused` when it says no or does not answer."""

    @property
    def name(self) -> str: ...
    async def check(self) -> None:
        """`InvalidInput` for a mapping that names what is not there."""

    async def owners(self) -> dict[str, str]:
        """Owner's id → their address, in small letters."""

    def accounts(self) -> AsyncIterator[TheirAccount]: ...
    def contacts(self) -> AsyncIterator[TheirContact]: ...
