"""Remembers what Slack still has to be told: at least once, the newest state wins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, update
from sqlmodel import col, select

from scoring.errors import NotFound
from scoring.messages import Card, Post
from storage.tables import CardRow, CaseRow, PostRow
from storage.transaction import Transaction, table, value, values

NO_CARD = "There is no card of case {id}."
NO_POST = "There is no message {key}."


class SqlSlackOutbox:
    """Implements the loop's `SlackOutbox`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def want_card(
        self, case_id: str, *, channel: str = "", mention: str = "", not_before: datetime | None = None
    ) -> None:
        """Ask for the card to be posted or brought up to date; what is not given stays as it was."""
        changes: dict[str, object] = {"channel": channel, "mention": mention, "not_before": not_before}
        given = {name: new for name, new in changes.items() if new}
        card = table(CardRow)
        known = update(card).where(card.c.case_id == case_id).values(wanted=card.c.wanted + 1, **given)
        if await self._db.run(known):
            return
        if not channel:
            raise ValueError(f"the card of case {case_id} needs a channel the first time")
        await self._db.run(
            self._db.insert(CardRow), [values(Card(case_id, channel, 1, not_before=not_before, mention=mention))]
        )

    async def redraw(self, case_id: str) -> None:
        """Ask for a card to be brought up to date, if the case has one."""
        card = table(CardRow)
        await self._db.run(update(card).where(card.c.case_id == case_id).values(wanted=card.c.wanted + 1))

    async def card(self, case_id: str) -> Card | None:
        """A case's card, or None."""
        row = await self._db.first(select(CardRow).where(col(CardRow.case_id) == case_id))
        return None if row is None else value(Card, row)

    async def cards_due(self, now: datetime) -> list[Card]:
        """Cards that Slack does not show as wanted and whose time has come; those of the oldest cases first."""
        rows = await self._db.all(
            select(CardRow)
            .join(CaseRow, col(CaseRow.id) == col(CardRow.case_id))
            .where(_stale(), _come(CardRow.not_before, now))
            .order_by(col(CaseRow.opened_at), col(CardRow.case_id))
        )
        return [value(Card, row) for row in rows]

    async def cards_posted_since(self, channel: str, since: datetime) -> int:
        """How many cards were first posted to a channel at an instant or later, by the name we use or Slack's id."""
        here = or_(col(CardRow.channel) == channel, col(CardRow.posted_channel) == channel)
        return await self._db.first(select(func.count()).where(here, col(CardRow.first_posted_at) >= since)) or 0

    async def card_done(self, case_id: str, *, posted: int, channel: str, ts: str, at: datetime) -> None:
        """Slack shows the card as of `posted`; a newer wish stays due."""
        card = table(CardRow).c
        await self._change_card(
            case_id,
            posted=case((card.posted < posted, posted), else_=card.posted),
            posted_channel=channel,
            ts=ts,
            first_posted_at=func.coalesce(card.first_posted_at, at, type_=card.first_posted_at.type),
            not_before=None,
            attempts=0,
            error="",
        )

    async def card_failed(self, case_id: str, *, error: str, not_before: datetime) -> None:
        """Slack did not take it; try again at `not_before`."""
        attempts = table(CardRow).c.attempts + 1
        await self._change_card(case_id, attempts=attempts, error=error, not_before=not_before)

    async def _change_card(self, case_id: str, **changes: object) -> None:
        if not await self._db.run(update(table(CardRow)).where(col(CardRow.case_id) == case_id).values(**changes)):
            raise NotFound(NO_CARD.format(id=case_id))

    async def say(self, post: Post) -> bool:
        """Queue a post; False when its key is known already."""
        insert = self._db.insert(PostRow).on_conflict_do_nothing(index_elements=["key"])
        return await self._db.run(insert, [values(post)]) == 1

    async def posts_due(self, now: datetime) -> list[Post]:
        """Posts not yet made whose time has come, in the order they were queued."""
        rows = await self._db.all(
            select(PostRow)
            .where(col(PostRow.posted_at).is_(None), _come(PostRow.not_before, now))
            .order_by(col(PostRow.seq))
        )
        return [value(Post, row) for row in rows]

    async def post_done(self, key: str, at: datetime) -> None:
        """Slack has it."""
        await self._change_post(key, posted_at=at, error="")

    async def post_failed(self, key: str, *, error: str, not_before: datetime) -> None:
        """Slack did not take it; try again at `not_before`."""
        await self._change_post(key, attempts=table(PostRow).c.attempts + 1, error=error, not_before=not_before)

    async def digest_shown_at(self, readers: Iterable[str], since: datetime) -> datetime | None:
        """When Slack first had a digest for one of these readers after an instant; None while it has none."""
        theirs = [col(PostRow.key).startswith(f"digest:{who}:", autoescape=True) for who in readers]
        shown = (col(PostRow.kind) == "digest", col(PostRow.posted_at) > since, or_(*theirs))
        return await self._db.first(select(func.min(PostRow.posted_at)).where(*shown))

    async def _change_post(self, key: str, **changes: object) -> None:
        if not await self._db.run(update(table(PostRow)).where(col(PostRow.key) == key).values(**changes)):
            raise NotFound(NO_POST.format(key=key))

    async def backlog(self) -> int:
        """How many cards and posts Slack does not show yet, due or not."""
        cards = await self._db.first(select(func.count()).select_from(CardRow).where(_stale()))
        posts = await self._db.first(select(func.count()).select_from(PostRow).where(col(PostRow.posted_at).is_(None)))
        return (cards or 0) + (posts or 0)


def _stale() -> ColumnElement[bool]:
    return col(CardRow.wanted) > col(CardRow.posted)


def _come(not_before: datetime | None, now: datetime) -> ColumnElement[bool]:
    return or_(col(not_before).is_(None), col(not_before) <= now)
