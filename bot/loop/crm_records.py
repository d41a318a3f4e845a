"""What the loop remembers of the team's CRM: what it is to be told, and which of its records is which of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from scoring.crm import CrmJob, CrmState, CrmThing


class CrmBook(Protocol):
    """What the team's CRM is to be told (R52), and which of its records is which of ours (`scoring/crm.py`)."""

    async def untold(self, since: datetime, now: datetime) -> list[CrmJob]:
        """What happened since an instant and has no job yet, as jobs; the oldest of each kind, a batch at a time."""

    async def add(self, jobs: Iterable[CrmJob]) -> int:
        """Promise to tell these things; how many are new."""

    async def want_health(self, jobs: Iterable[CrmJob]) -> int:
        """Have the CRM show these healths; how many are other than it was told."""

    async def shown(self) -> dict[str, str]:
        """Account → the health that the CRM was last told or is to be told."""

    async def due(self, now: datetime, limit: int) -> list[CrmJob]: ...
    async def get(self, job_id: str) -> CrmJob | None: ...
    async def troubled(self) -> list[CrmJob]:
        """Jobs that failed, and those that were tried in vain and wait."""

    async def of_case(self, case_id: str) -> list[CrmJob]: ...
    async def counts(self) -> dict[CrmState, int]: ...
    async def begin(self, job: CrmJob, *, again: datetime) -> CrmJob | None:
        """Note that a try begins, before it does; None when somebody was faster."""

    async def done(self, job: CrmJob, crm_id: str) -> None: ...
    async def wait(self, job: CrmJob, error: str, *, not_before: datetime) -> CrmJob | None:
        """Try again later; None when it is pending no more."""

    async def fail(self, job: CrmJob, error: str) -> CrmJob | None:
        """A person must look; None when it is pending no more."""

    async def retry(self, job: CrmJob) -> CrmJob | None:
        """Try again now; None when there is nothing to try."""

    async def dismiss(self, job: CrmJob) -> CrmJob | None:
        """Never tell it; None when it is told already."""

    async def revive(self, account_ids: Iterable[str]) -> int:
        """Try what failed for these accounts again; how many jobs that are."""

    async def links(self, crm: str, thing: CrmThing) -> dict[str, str]:
        """Our id → the CRM's record of it."""

    async def link(self, crm: str, thing: CrmThing, ref: str) -> str | None: ...
    async def keep_links(self, crm: str, thing: CrmThing, links: Mapping[str, str]) -> None: ...
    async def drop_links(self, crm: str, thing: CrmThing, refs: Iterable[str]) -> None: ...
