"""Editing a draft, and handing an account to another CSM: the two ways in which people make a new version of a mail."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bot.loop.decisions import GONE, Act, Decisions, name_of
from bot.loop.differences import difference
from bot.loop.ports import Actor
from bot.loop.saying import show, tell
from scoring.briefs import Answer, CardBrief, Edited
from scoring.casework import Case, CaseState, Draft, Finding
from scoring.errors import Refused, TooLate
from scoring.facts import draft_facts
from scoring.hours import zone_named
from scoring.model import Person, Role
from scoring.opt_out import closed, without
from scoring.roles import Deed

LONGEST_SUBJECT = 200
LONGEST_BODY = 3_000
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

NO_SUBJECT = "The subject is empty. Nothing was saved."
NO_BODY = "The mail is empty. Nothing was saved."
LONG_SUBJECT = "The subject has {count} characters; at most {limit} are possible. Nothing was saved."
LONG_BODY = "The mail has {count} characters; at most {limit} are possible. Nothing was saved."
NO_DRAFT = "There is no draft yet. It appears on the card in a moment."
OVERTAKEN = (
    "Nothing was saved: {who} changed this draft at {when}, while you were writing. Your text is still in the window. "
    "What changed:\n{difference}"
)
EDITED_NOTE = "{who} edited the draft (version {version})."
NO_CSM = (
    "Nothing was changed: {email} is not a CSM that Lookout knows. Import that person as a CSM with the e-mail address "
    "of their Slack profile, then assign again."
)
THAT_PERSON = "that person"
LEFT_US = "Nothing was changed: {name} is marked as having left."
ASSIGNED_NOTE = "{who} gave {account} to {csm}."
ASSIGNED_NOTICE = "{who} gave you {account}: {severity}. The card with the draft is waiting for your decision."
CHECK_NAME = "The sender is now {name}. The text still names {old}: read it before you approve."


class Drafts(Decisions):
    """What a person does to the text of a mail. A version is never overwritten; an approval binds to one (R49)."""

    __slots__ = ()

    async def draft(self, case_id: str) -> tuple[CardBrief, Draft | None] | None:
        """What the edit window shows; None when the case is gone."""
        async with self.store.reading() as work:
            brief = await self.brief(work, case_id)
            return None if brief is None else (brief, brief.draft)

    async def edit(self, case_id: str, base_version: int, subject: str, body: str, actor: Actor) -> Edited:
        """Save a new version, if nobody else did since `base_version`; the gate's remarks are warnings (R49)."""
        made: list[Draft] = []

        async def decide(act: Act) -> Answer:
            case = await act.case(case_id, CaseState.OPEN, CaseState.SNOOZED)
            latest = await act.work.outreach.latest_draft(case_id)
            if latest is None:
                raise Refused(NO_DRAFT)
            if latest.version != base_version:
                raise await _overtaken(act, latest, base_version)
            text = self._clean(subject, body)
            made.append(latest if text == (latest.subject, latest.body) else await self._save(act, case, latest, text))
            return Answer(ok=True)

        answer = await self.act(actor, decide, deed=Deed.EDIT, about=case_id)
        if not answer.ok:
            return Edited(answer)
        return Edited(answer, made[0], tuple(finding.text for finding in made[0].findings))

    async def assign(self, case_id: str, slack_id: str, email: str, actor: Actor) -> Answer:
        """Give the account and its case to another CSM; the mail then comes from them and is approved anew."""

        async def decide(act: Act) -> Answer:
            case = await act.case(case_id, CaseState.OPEN, CaseState.SNOOZED, CaseState.CONTACTED)
            account = await act.work.accounts.get(case.account_id)
            if account is None:
                raise Refused(GONE)
            csm = await _csm(act, slack_id, email)
            if case.csm_id == csm.id == account.csm_id:
                return Answer(ok=True)
            await act.work.accounts.assign(account.id, csm.id)
            changed = await act.change(case, csm_id=csm.id)
            await _draft_from(act, case, csm, self.rules.opt_out)
            await self._bring_card(act, case, csm, slack_id)
            said = ASSIGNED_NOTE.format(who=await act.who(), account=account.name, csm=csm.name or csm.email)
            await act.record(changed, "assigned", said, detail=csm.id)
            if csm.id != act.key:
                text = ASSIGNED_NOTICE.format(who=await act.who(), account=account.name, severity=case.severity.value)
                await tell(act.work, csm, f"handed:{case.id}:{changed.version}", text)
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.ASSIGN, about=case_id)

    async def _bring_card(self, act: Act, case: Case, csm: Person, slack_id: str) -> None:
        """A card that nobody has seen yet calls whom it was given to, in their hours where those are sooner."""
        card, guard = await act.work.slack.card(case.id), self.rules.guard
        if card is None or card.posted:
            return
        at = guard.hours.next_open(act.now, zone_named(csm.timezone, fallback=guard.zone))
        sooner = card.not_before is not None and not card.attempts and at < card.not_before
        await act.work.slack.want_card(case.id, mention=slack_id, not_before=at if sooner else None)

    async def _save(self, act: Act, case: Case, latest: Draft, text: tuple[str, str]) -> Draft:
        edited = _next(latest, act.now, subject=text[0], body=text[1], origin=act.key, note="")
        edited = replace(edited, findings=await self._findings(act, case, edited))
        await _add(act, edited)
        await show(act.work, case.id)
        said = EDITED_NOTE.format(who=await act.who(), version=edited.version)
        await act.record(case, "edited", said, detail=f"version {edited.version}", mark=edited.version)
        return edited

    def _clean(self, subject: str, body: str) -> tuple[str, str]:
        """The text as it will be sent, closed by the line that every text must have."""
        one_line, text = _clean(subject, body)
        return one_line, closed(text, self.rules.opt_out)

    async def _findings(self, act: Act, case: Case, draft: Draft) -> tuple[Finding, ...]:
        """What the draft gate says of the text; nothing where it cannot be asked."""
        work = act.work
        account, snapshot = await work.accounts.get(case.account_id), await work.snapshots.newest(case.account_id)
        contact, csm = await work.accounts.person(draft.to_id), await work.accounts.person(draft.from_id)
        if account is None or contact is None or csm is None:
            return ()
        milestones = [known for known in await work.accounts.milestones() if known.account_id == account.id]
        facts = draft_facts(account, contact, snapshot, triggers=case.triggers, milestones=milestones)
        found = self.writer.check(draft.subject, draft.body, facts=facts, account=account, contact=contact, csm=csm)
        return tuple(Finding(rule, text) for rule, text in found)


def _clean(subject: str, body: str) -> tuple[str, str]:
    """The text as it will be sent: one line of subject, no characters that nobody sees; raises for what cannot be."""
    one_line = " ".join(UNSEEN.sub("", subject.replace("\r", "\n")).split())
    text = UNSEEN.sub("", body.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    if not one_line:
        raise Refused(NO_SUBJECT)
    if not text.strip():
        raise Refused(NO_BODY)
    if len(one_line) > LONGEST_SUBJECT:
        raise Refused(LONG_SUBJECT.format(count=len(one_line), limit=LONGEST_SUBJECT))
    if len(text) > LONGEST_BODY:
        raise Refused(LONG_BODY.format(count=len(text), limit=LONGEST_BODY))
    return one_line, text


async def _overtaken(act: Act, latest: Draft, base_version: int) -> TooLate:
    base = next((d for d in await act.work.outreach.drafts(latest.case_id) if d.version == base_version), None)
    person = await act.work.accounts.person(latest.origin)
    who = await name_of(act.work, latest.origin if person else "")
    return TooLate(OVERTAKEN.format(who=who, when=act.at(latest.created_at), difference=difference(base, latest)))


async def _csm(act: Act, slack_id: str, email: str) -> Person:
    """The CSM behind a Slack user: linked already, else by verified e-mail; `Refused` for anybody else."""
    accounts = act.work.accounts
    csm = await accounts.csm_by_slack_id(slack_id) or (await accounts.csm_by_email(email) if email else None)
    if csm is None or csm.role is not Role.CSM:
        raise Refused(NO_CSM.format(email=email or THAT_PERSON))
    if csm.left:
        raise Refused(LEFT_US.format(name=csm.name or csm.email))
    if slack_id and csm.slack_id != slack_id:
        await accounts.link_slack(csm.id, slack_id, csm.timezone)
    return csm


async def _draft_from(act: Act, case: Case, csm: Person, opt_out: str) -> None:
    """A new version with the new sender, signed with their name."""
    latest = await act.work.outreach.latest_draft(case.id)
    if latest is None or latest.from_id == csm.id:
        return
    body = signed(latest.body, latest.from_name, csm.name, opt_out)
    old = latest.from_name.split()[0] if latest.from_name.strip() else ""
    still = bool(old) and re.search(rf"\b{re.escape(old)}\b", body) is not None and old not in csm.name.split()
    note = CHECK_NAME.format(name=csm.name or csm.email, old=old) if still else latest.note
    sender = {"from_id": csm.id, "from_name": csm.name, "from_email": csm.email}
    await _add(act, _next(latest, act.now, body=body, note=note, **sender))


def signed(body: str, old: str, new: str, opt_out: str) -> str:
    """The text with its closing name changed; only the last lines are touched, a first name becomes a first name.

    The line `opt_out` may stand behind them and is none of them.
    """
    text = without(body, opt_out).split("\n")
    head, lines = text[:-3], text[-3:]
    names = {old.strip(): new.strip(), (old.split() or [""])[0]: (new.split() or [""])[0]}
    names.pop("", None)
    closing = [line.replace(line.strip(), names[line.strip()]) if line.strip() in names else line for line in lines]
    return closed("\n".join(head + closing), opt_out)


def _next(latest: Draft, now: datetime, **changes: object) -> Draft:
    version = latest.version + 1
    return replace(latest, id=f"{latest.case_id}:v{version}", version=version, created_at=now, **changes)  # type: ignore[arg-type]


async def _add(act: Act, draft: Draft) -> None:
    if not await act.work.outreach.add_draft(draft):
        raise await _overtaken(act, await act.work.outreach.latest_draft(draft.case_id) or draft, draft.version - 1)
