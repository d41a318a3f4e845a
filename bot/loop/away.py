"""What people enter about their own absence, or a lead about a colleague's: plan it, change it, be back (R50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.loop import rota
from bot.loop.decisions import Act, Decisions
from bot.loop.ports import Actor
from bot.loop.records import UnitOfWork
from bot.loop.rota import Wish, name_of
from bot.loop.saying import tell
from scoring import wording
from scoring.briefs import Answer, AwayBrief, AwayForm, Planned
from scoring.cover import Absence, AbsenceSource, NoAbsence
from scoring.errors import NotFound, Refused
from scoring.hours import zone_named
from scoring.model import Person, Role
from scoring.roles import Deed

MOST = 6

NOT_A_CSM = "Lookout knows no CSM by that name, so nobody's cards can change hands. Choose a CSM."
NO_CSM_YOURSELF = (
    "Lookout does not know you as a CSM, so no cards of yours can change hands. Nothing was planned; choose who is "
    "away."
)
OVER = "That absence is over or was changed already. Nothing was changed; App Home shows who is away."
BY_STATUS = (
    "Your Slack status says that you are away until {last}, and {cover} covers. Clear the status, and Lookout follows "
    "within ten minutes. Nothing was changed."
)
NOT_AWAY = "You are not away. Nothing was changed."
NOT_YET = "You are not away yet. Nothing was changed; App Home lists what is planned, with a button to end it."
PLANNED = (
    "{owner} {are} away from {first} to {last}, and {cover} covers: in that time {cover} gets {their} cards and may "
    "act on {their} accounts, and mails come from {cover}."
)
ENDED = "{owner} {are} there again: cards and mails are {theirs} from now on. Drafts that {cover} signed are read anew."
CALLED_OFF = "Done: {owner} {are} not away from {first} to {last}."
TOLD_COVER = "{owner} is away from {first} to {last}, and you cover: you then get their cards, and mails come from you."
TOLD_OFF = "You do not cover for {owner} from {first} to {last} any more."
TOLD_OWNER = "{who} entered that you are away from {first} to {last}, and {cover} covers. App Home can change it."
TOLD_BACK = "{who} entered that you are not away from {first} to {last}. App Home can change it."


@dataclass(frozen=True, slots=True)
class Known:
    """An absence with its people, as sentences speak of it."""

    absence: Absence
    owner: Person
    cover: Person
    first: date
    last: date

    def said(self, text: str, **more: str) -> str:
        """A text with its names and days."""
        days = {"first": wording.day(self.first), "last": wording.day(self.last)}
        return text.format(**{"owner": name_of(self.owner), "cover": name_of(self.cover)} | days | more)

    def answer(self, text: str, reader: str) -> str:
        """The same, said to whoever acted: they may be the one who is away."""
        if self.owner.id == reader:
            return self.said(text, owner="You", are="are", their="your", theirs="yours")
        return self.said(text, are="is", their="their", theirs="theirs")

    def brief(self, reader: str, *, others: bool, now: bool) -> AwayBrief:
        """What App Home shows of it to a reader; `others`: they may change the absences of colleagues, too."""
        mine, by_status = self.owner.id == reader, self.absence.source is AbsenceSource.SLACK
        return AwayBrief(
            self.absence.id,
            self.owner,
            self.cover,
            self.first,
            self.last,
            now,
            mine=mine,
            covering=self.cover.id == reader,
            may_change=(mine or others) and not by_status,
            by_status=by_status,
        )


class Away(Decisions):
    """Each act is one transaction; whoever is away, whoever covers, and the audit hear of it."""

    __slots__ = ()

    async def absences(self, actor: Actor) -> tuple[tuple[AwayBrief, ...], bool]:
        """Who is away or will be, as far as it concerns this person, soonest first; whether they may plan one."""
        async with self.store.reading() as work:
            own, others = [await self._may(work, deed, actor) for deed in (Deed.OWN_COVER, Deed.COVER)]
            now, found = self.clock(), []
            for one in await work.absences.all() if own else []:
                mine, covering = one.person_id == actor.person_id, one.cover_id == actor.person_id
                known = await self._known(work, one) if one.lasts(now) and (mine or covering or others) else None
                if known is not None:
                    found.append(known.brief(actor.person_id, others=others, now=one.holds(now)))
        found.sort(key=lambda brief: (not brief.mine, not brief.covering, brief.first, brief.id))
        return tuple(found[:MOST]), own

    async def absence_form(self, actor: Actor, absence_id: str = "") -> AwayForm:
        """What the window opens with: an absence as it stands, or a new one from today on.

        Raises:
            Refused: this person may not plan it, or it is over.
        """
        async with self.store.reading() as work:
            known = await self._planned(work, absence_id) if absence_id else None
            person, others = await _csm(work, actor.person_id), await self._may(work, Deed.COVER, actor)
        refusal = await self.may(_deed(known.owner, actor) if known else Deed.OWN_COVER, "", actor)
        if refusal:
            raise Refused(refusal)
        if known is not None:
            return AwayForm(absence_id, known.owner, known.cover, known.first, known.last, others=False)
        if person is None and not others:
            raise Refused(NO_CSM_YOURSELF)
        today = self.clock().astimezone(self._zone(person)).date()
        return AwayForm("", person, None, today, today, others)

    async def plan_absence(
        self, who_id: str, cover_id: str, days: tuple[date, date], actor: Actor, *, absence_id: str = ""
    ) -> Planned:
        """Plan an absence, or change one that is not over; `who_id` empty: the person who asks."""
        who_id = who_id or actor.person_id
        async with self.store.reading() as work:
            owner, cover, old = await _csm(work, who_id), await _csm(work, cover_id), None
            if absence_id:
                try:
                    known = await self._planned(work, absence_id)
                except Refused as over:
                    return Planned(Answer(ok=False, text=str(over)))
                owner, old = known.owner, known
        if owner is None:
            return Planned(Answer(ok=False, text=NOT_A_CSM if who_id else NO_CSM_YOURSELF), "who")
        if cover is None:
            return Planned(Answer(ok=False, text=NOT_A_CSM), "cover")
        wish = Wish(owner, cover, *days, replaces=old.absence if old else None)

        async def decide(act: Act) -> Answer:
            if old is not None and (await self._planned(act.work, absence_id)).absence != old.absence:
                raise Refused(OVER)
            kept = await rota.enter(act.work, wish, zone=self.rules.guard.zone, at=act.now, by=act.key)
            known = Known(kept, wish.owner, wish.cover, *days)
            await self._announce(act, known, old)
            return Answer(ok=True, text=known.answer(PLANNED, act.key))

        try:
            return Planned(await self.act(actor, decide, deed=_deed(owner, actor)))
        except NoAbsence as fault:
            return Planned(Answer(ok=False, text=str(fault)), fault.about)

    async def end_absence(self, absence_id: str, actor: Actor) -> Answer:
        """Let an absence end now, or never begin."""
        async with self.store.reading() as work:
            try:
                known = await self._planned(work, absence_id)
            except Refused as over:
                return Answer(ok=False, text=str(over))

        async def decide(act: Act) -> Answer:
            begun = known.absence.holds(act.now)
            try:
                await rota.end(act.work, absence_id, act.now, by=act.key)
            except NotFound:
                raise Refused(OVER) from None
            await self._said(act, known.cover, known.said(TOLD_OFF))
            await self._said(act, known.owner, known.said(TOLD_BACK, who=await act.who()))
            return Answer(ok=True, text=known.answer(ENDED if begun else CALLED_OFF, act.key))

        return await self.act(actor, decide, deed=_deed(known.owner, actor))

    async def back(self, actor: Actor) -> Answer:
        """End the absence of whoever asks."""
        async with self.store.reading() as work:
            now = self.clock()
            mine = [one for one in await work.absences.all() if one.person_id == actor.person_id and one.lasts(now)]
            held = next((one for one in mine if one.holds(now) and one.source is AbsenceSource.PLANNED), None)
            told = next((one for one in mine if one.holds(now)), None)
            known = await self._known(work, told) if told and not held else None
        if held is not None:
            return await self.end_absence(held.id, actor)
        if known is not None:
            return Answer(ok=False, text=known.said(BY_STATUS))
        return Answer(ok=False, text=NOT_YET if mine else NOT_AWAY)

    async def _announce(self, act: Act, known: Known, old: Known | None) -> None:
        """The cover hears of it, and so does a cover who is one no longer, and who is away where another entered it."""
        if old is not None and old.cover.id != known.cover.id:
            await self._said(act, old.cover, old.said(TOLD_OFF))
        await self._said(act, known.cover, known.said(TOLD_COVER))
        await self._said(act, known.owner, known.said(TOLD_OWNER, who=await act.who()))

    async def _said(self, act: Act, person: Person, text: str) -> None:
        if person.id != act.key:
            await tell(act.work, person, f"away:{person.id}:{act.now.isoformat()}", text)

    async def _may(self, work: UnitOfWork, deed: Deed, actor: Actor) -> bool:
        try:
            await self.rights.must(work, actor, deed, self.clock())
        except Refused:
            return False
        return True

    async def _planned(self, work: UnitOfWork, absence_id: str) -> Known:
        """An absence that is not over and that a person may change; `Refused` for any other."""
        found = next((one for one in await work.absences.all() if one.id == absence_id), None)
        planned = found is not None and found.lasts(self.clock()) and found.source is AbsenceSource.PLANNED
        known = await self._known(work, found) if found and planned else None
        if known is None:
            raise Refused(OVER)
        return known

    async def _known(self, work: UnitOfWork, absence: Absence) -> Known | None:
        people = await work.accounts.people([absence.person_id, absence.cover_id])
        owner, cover = people.get(absence.person_id), people.get(absence.cover_id)
        return Known(absence, owner, cover, *absence.days(self._zone(owner))) if owner and cover else None

    def _zone(self, person: Person | None) -> ZoneInfo:
        zone = self.rules.guard.zone
        return zone_named(person.timezone, fallback=zone) if person else zone


async def _csm(work: UnitOfWork, person_id: str) -> Person | None:
    person = await work.accounts.person(person_id) if person_id else None
    return person if person and person.role is Role.CSM else None


def _deed(owner: Person, actor: Actor) -> Deed:
    return Deed.OWN_COVER if owner.id == actor.person_id else Deed.COVER
