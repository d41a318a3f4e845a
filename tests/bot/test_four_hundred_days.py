"""400 days in four time zones: no mail outside working hours, no second follow-up, one digest a day (R51, R53, F1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.loop.digest import morning_key
from bot.loop.follow_up import Follow
from bot.loop.send import Send
from scoring.casework import CaseState, OutreachKind, OutreachState
from scoring.hours import WorkingHours
from scoring.replies import ReplyKind
from tests.alert_world import Scribe
from tests.builders import (
    a_case,
    a_contact,
    a_csm,
    a_draft,
    a_reply,
    a_snapshot,
    an_account,
    an_outreach,
    remember,
)
from tests.follow_world import the_rules
from tests.mail_world import Postman

ZONES = {
    "akl": "Pacific/Auckland",
    "lax": "America/Los_Angeles",
    "ber": "Europe/Berlin",
    "kol": "Asia/Kolkata",
}
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 400
CYCLE, EVENTFUL = 41, frozenset({0, 1, 2, 5, 7, 8, 9, 10, 11})
MORNING = time(8, 30)


@dataclass
class Years:
    """Four accounts, each with contact and CSM in its own zone, and the sweeps; the clock jumps from look to look."""

    store: Any
    mailer: Postman
    chance: Random
    now: datetime = BEGIN
    number: int = 0

    def clock(self) -> datetime:
        return self.now

    async def begin(self) -> Years:
        rules = the_rules()
        dear = [an_account(f"dear-{n}", arr=10**6) for n in range(3)]
        await remember(self.store, *dear)
        for name, zone in ZONES.items():
            await remember(
                self.store,
                an_account(name, arr=100, csm_id=f"csm-{name}"),
                a_csm(f"csm-{name}", timezone=zone),
                a_contact(f"kim-{name}", name, timezone=zone),
            )
        self.follow = Follow(self.store, Scribe(), rules, self.clock)
        self.sending = Send(self.store, self.mailer, clock=self.clock, rules=rules)
        return self

    async def new_mail(self, name: str) -> None:
        """A case whose mail somebody approved just now, at any hour; it may leave when it is day there."""
        self.number += 1
        case_id, contact = f"{name}-{self.number}", f"kim-{name}"
        leaves = WorkingHours().next_open(self.now + timedelta(seconds=10), ZoneInfo(ZONES[name]))
        draft = a_draft(
            f"{case_id}:v1", case_id, account_id=name, to_id=contact, to_email=f"{contact}@{name}.test",
            from_id=f"csm-{name}", from_email=f"{name}@us.test", created_at=self.now,
        )  # fmt: skip
        mail = an_outreach(
            f"{case_id}.00001", case_id, account_id=name, draft_id=draft.id, content_hash=draft.content_hash,
            approved_by=f"csm-{name}", approved_at=self.now, not_before=leaves, to_id=contact, to_email=draft.to_email,
        )  # fmt: skip
        case = a_case(case_id, name, state=CaseState.APPROVED, opened_at=self.now, csm_id=f"csm-{name}")
        async with self.store() as work:
            live = await work.cases.live_of(name)
            if live is not None and live.state is CaseState.CONTACTED:
                ended = replace(live, state=CaseState.CLOSED, closed_at=self.now, version=live.version + 1)
                await work.cases.save(ended, expected=live.version)
            elif live is not None:
                return
        await remember(self.store, case, draft, mail)

    async def look(self) -> None:
        """What the schedule does on a tick."""
        await self.follow.run()
        await self.sending.run()

    async def day(self, number: int) -> None:
        """One day: yesterday's scores, perhaps a mail, perhaps an answer, and a few looks."""
        today, since = BEGIN + timedelta(days=number), number % CYCLE
        if since not in EVENTFUL:
            return
        async with self.store() as work:
            await work.snapshots.land([a_snapshot(name, (today - timedelta(days=1)).date(), 50.0) for name in ZONES])
        for at in sorted(self.looks(today)):
            self.now = at
            await self.look()
        if since == 0:
            for name in ZONES:
                await self.new_mail(name)
        if since == 5 and number % 3:
            await self.answer(self.chance.choice(list(ZONES)))

    def looks(self, day: datetime) -> list[datetime]:
        """One at any time, and one in each zone's daytime, early to late."""
        local = [
            datetime.combine(day, time(self.chance.randrange(7, 20), self.chance.randrange(60)), ZoneInfo(zone))
            for zone in ZONES.values()
        ]
        return [day + timedelta(minutes=self.chance.randrange(24 * 60)), *(at.astimezone(UTC) for at in local)]

    async def answer(self, name: str) -> None:
        """One of them answers the mail that they got."""
        async with self.store() as work:
            mail = await work.outreach.last_for(name)
            if mail is None:
                return
            known = {"case_id": mail.case_id, "account_id": name, "received_at": self.now}
            await work.replies.add(a_reply(f"r-{mail.id}", mail.id, kind=ReplyKind.ANSWER, **known))


@pytest.mark.long
async def test_four_hundred_days_keep_to_working_hours_and_to_one_follow_up(store):
    years = await Years(store, Postman(), Random(7)).begin()
    for number in range(DAYS):
        await years.day(number)

    async with store.reading() as work:
        mails = [m for n in range(years.number + 1) for name in ZONES for m in await mails_of(work, f"{name}-{n}")]
    hours = WorkingHours()
    sent = [mail for mail in mails if mail.state is OutreachState.SENT]
    assert [m for m in sent if not hours.open_at(m.sent_at, ZoneInfo(ZONES[m.account_id]))] == []
    assert len(sent) == len(years.mailer.mails) > 25
    following = Counter(mail.case_id for mail in sent if mail.kind is OutreachKind.FOLLOW_UP)
    assert set(following.values()) == {1}
    assert len(following) > 10


def test_four_hundred_days_have_one_digest_each_working_day_in_every_zone():
    for zone in ZONES.values():
        looks = (BEGIN + timedelta(minutes=13 * n) for n in range(DAYS * 24 * 60 // 13))
        local = (at.astimezone(ZoneInfo(zone)) for at in looks)
        keys = {key for at in local if (key := morning_key("csm", at, MORNING))}
        days = {(BEGIN.astimezone(ZoneInfo(zone)).date() + timedelta(days=n)) for n in range(DAYS + 1)}
        working = {f"digest:csm:{day}" for day in days if day.weekday() < 5}
        assert keys <= working
        assert len(working) - len(keys) <= 1, "the last day may not be over"


async def mails_of(work: Any, case_id: str) -> list[Any]:
    """Every mail of a case."""
    found = [await work.outreach.get(f"{case_id}.{number:05d}") for number in range(1, 6)]
    return [mail for mail in found if mail]
