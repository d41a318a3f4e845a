"""What must hold after any number of deaths: reads all ledgers, inside and outside, and names each broken promise."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scoring.audit_chain import first_break
from scoring.casework import CaseState, OutreachKind, OutreachState
from scoring.crm import CrmState, crm_job_id
from scoring.follow_up import FollowUpState
from scoring.replies import ReplyKind
from storage.crm import TOLD_REPLIES
from tests.builders import a_draft
from tests.faults.conversation_town import Town

TABLES = ("outreach", "drafts", "replies", "follow_ups", "crm_jobs", "posts", "audit", "cases", "flags")
REFERENCE = re.compile(r"Lookout reference: (\S+?)(?:<|$)")
STORIES = {
    ("sending", "sent"): OutreachState.SENT,
    ("sending", "uncertain"): OutreachState.UNCERTAIN,
    ("sending", "uncertain", "arrived"): OutreachState.SENT,
    ("stopped",): OutreachState.STOPPED,
}
"""Everything that the audit may tell of a mail, and how it then stands."""


@dataclass
class Ledgers:
    """The database as plain rows, the mail server's mails and the CRM's records."""

    town: Town

    @cached_property
    def rows(self) -> dict[str, list[dict[str, Any]]]:
        with sqlite3.connect(str(self.town.store.url.database)) as file:
            file.row_factory = sqlite3.Row
            return {name: [dict(row) for row in file.execute(f"SELECT * FROM {name}")] for name in TABLES}

    @cached_property
    def mails(self) -> dict[str, dict[str, Any]]:
        """Message-ID → the row of a mail."""
        return {row["message_id"]: row for row in self.rows["outreach"]}

    @cached_property
    def taken(self) -> Counter[str]:
        """Message-ID → how often the mail server took it."""
        return Counter(str(mail["Message-ID"]) for mail in self.town.sink.messages())

    @cached_property
    def told(self) -> Counter[str]:
        """Our id → how many records with it the CRM has."""
        records = self.town.crm.written("emails") + self.town.crm.written("notes")
        texts = [str(one.get("hs_email_text") or one.get("hs_note_body")) for one in records]
        return Counter(found[1] for text in texts if (found := REFERENCE.search(text)))

    @cached_property
    def said(self) -> set[str]:
        """The keys of all posts."""
        return {post["key"] for post in self.rows["posts"]}

    @cached_property
    def history(self) -> dict[str, list[dict[str, Any]]]:
        """Case → its audit, in order."""
        found = defaultdict(list)
        for entry in sorted(self.rows["audit"], key=lambda row: row["seq"]):
            found[entry["case_id"]].append(entry)
        return found

    def count(self, table: str, **wanted: Any) -> int:
        """How many rows have these values."""
        return sum(all(row[name] == value for name, value in wanted.items()) for row in self.rows[table])


async def violations(town: Town) -> list[str]:
    """Every promise that is broken, in words; empty when all hold."""
    ledgers = Ledgers(town)
    found = [*_mails(ledgers), *_texts(ledgers), *_histories(ledgers), *_answers(ledgers), *_follow_ups(ledgers)]
    found += [*_crm(ledgers), *_cases(ledgers)]
    async with town.store.reading() as work:
        broken = first_break([link async for link in work.audit.chain()])
    found += [f"the audit breaks: {broken}"] if broken else []
    with sqlite3.connect(str(town.store.url.database)) as file:
        found += [f"the file is damaged: {row[0]}" for row in file.execute("PRAGMA integrity_check") if row[0] != "ok"]
    return found


def _mails(ledgers: Ledgers) -> Iterator[str]:
    """One mail at most for each id, nothing left in the middle, nothing called sent that nobody took."""
    yield from (f"delivered {times} times: {one}" for one, times in ledgers.taken.items() if times > 1)
    yield from (f"nobody approved: {one}" for one in ledgers.taken.keys() - ledgers.mails.keys())
    for message_id, mail in ledgers.mails.items():
        if mail["state"] not in set(STORIES.values()):
            yield f"stuck as {mail['state']}: {mail['id']}"
        if mail["state"] == OutreachState.SENT and not ledgers.taken[message_id]:
            yield f"called sent and lost: {mail['id']}"
        if mail["state"] == OutreachState.STOPPED and ledgers.taken[message_id]:
            yield f"called stopped and sent: {mail['id']}"
        if mail["state"] == OutreachState.UNCERTAIN and f"uncertain:{mail['id']}" not in ledgers.said:
            yield f"uncertain and nobody is told: {mail['id']}"
    kinds = Counter((ledgers.mails[one]["case_id"], ledgers.mails[one]["kind"]) for one in ledgers.taken)
    yield from (f"{number} mails of one kind: {which}" for which, number in kinds.items() if number > 1)


def _texts(ledgers: Ledgers) -> Iterator[str]:
    """What the mail server took is what was approved or queued, to the letter."""
    for mail in ledgers.town.sink.messages():
        people = {
            f"{side}_email": mail[header].addresses[0].addr_spec for side, header in (("from", "From"), ("to", "To"))
        }
        body = str(mail.get_content()).replace("\r\n", "\n").removesuffix("\n")
        taken = a_draft(subject=str(mail["Subject"]), body=body, **people).content_hash
        if taken != ledgers.mails[str(mail["Message-ID"])]["content_hash"]:
            yield f"another text than was approved: {mail['Message-ID']}"


def _histories(ledgers: Ledgers) -> Iterator[str]:
    """The audit tells one whole story of each mail, and no mail was claimed after an answer or a bounce was known."""
    for mail in ledgers.mails.values():
        history = ledgers.history[mail["case_id"]]
        story = [one["action"] for one in history if one["detail"].partition(":")[0] == mail["id"]]
        story = [action for action in story if not action.startswith("follow-up")]
        if STORIES.get(tuple(story)) != mail["state"]:
            yield f"{mail['state']} and the audit says {story}: {mail['id']}"
    for case_id, history in ledgers.history.items():
        actions = [one["action"] for one in history]
        known = [actions.index(said) for said in ("came back: answer", "came back: bounce") if said in actions]
        if known and "sending" in actions[min(known) :]:
            yield f"a mail was claimed after an answer was known: {case_id}"


def _answers(ledgers: Ledgers) -> Iterator[str]:
    """Each letter is kept once and said once; a mail that was answered is not uncertain."""
    kept = Counter(reply["message_id"] for reply in ledgers.rows["replies"])
    yield from (f"a letter is lost: {one}" for one in ledgers.town.letters.keys() - kept.keys())
    yield from (f"a letter is kept {times} times: {one}" for one, times in kept.items() if times > 1)
    yield from (f"kept and of nobody: {one}" for one in kept.keys() - ledgers.town.letters.keys())
    by_id = {mail["id"]: mail for mail in ledgers.mails.values()}
    for reply in ledgers.rows["replies"]:
        if f"reply:{reply['id']}" not in ledgers.said:
            yield f"nobody is told of an answer: {reply['message_id']}"
        if ledgers.count("audit", action=f"came back: {reply['kind']}", detail=reply["id"]) != 1:
            yield f"the audit does not have an answer once: {reply['message_id']}"
        if by_id[reply["outreach_id"]]["state"] == OutreachState.UNCERTAIN:
            yield f"answered and still uncertain: {reply['outreach_id']}"


def _follow_ups(ledgers: Ledgers) -> Iterator[str]:
    """One for each first mail that left, decided by now; each follow-up that exists was queued once."""
    planned = {row["outreach_id"]: row for row in ledgers.rows["follow_ups"]}
    queued = [row["mail_id"] for row in planned.values() if row["state"] == FollowUpState.QUEUED]
    for mail in ledgers.mails.values():
        follows = mail["kind"] == OutreachKind.FOLLOW_UP
        if follows and queued.count(mail["id"]) != 1:
            yield f"a follow-up that nobody queued once: {mail['id']}"
        if not follows and mail["state"] == OutreachState.SENT and mail["id"] not in planned:
            yield f"no follow-up was decided: {mail['id']}"
    for row in planned.values():
        if row["state"] == FollowUpState.WAITING:
            yield f"a follow-up still waits: {row['outreach_id']}"
        if row["state"] == FollowUpState.CANCELLED and not row["reason"]:
            yield f"a follow-up was dropped without a reason: {row['outreach_id']}"
    ids = {mail["id"] for mail in ledgers.mails.values()}
    yield from (f"queued and never a mail: {one}" for one in queued if one not in ids)


def _crm(ledgers: Ledgers) -> Iterator[str]:
    """One record for each mail that left and each answer, and for nothing else; what failed says why."""
    sent = [("mail", mail["id"]) for mail in ledgers.mails.values() if mail["state"] == OutreachState.SENT]
    sent += [("reply", one["id"]) for one in ledgers.rows["replies"] if ReplyKind(one["kind"]) in TOLD_REPLIES]
    jobs = {job["id"]: job for job in ledgers.rows["crm_jobs"]}
    wanted = {crm_job_id(kind, ref): ref for kind, ref in sent}
    yield from (f"the CRM has {times} records of one thing: {one}" for one, times in ledgers.told.items() if times > 1)
    yield from (f"the CRM has what we have not: {one}" for one in ledgers.told.keys() - wanted.keys())
    for job_id, ref in wanted.items():
        job = jobs.get(job_id)
        if job is None:
            yield f"the CRM is never told: {ref}"
        elif job["state"] == CrmState.DONE and not ledgers.told[job_id]:
            yield f"the CRM is said to have it, and has not: {ref}"
        elif job["state"] != CrmState.DONE and not job["error"]:
            yield f"the CRM has no record, and nobody can see why: {ref}"


def _cases(ledgers: Ledgers) -> Iterator[str]:
    """Each case follows its newest mail; only one whose fate is unknown stays approved. A death pauses nothing."""
    unknown = {mail["case_id"] for mail in ledgers.mails.values() if mail["state"] == OutreachState.UNCERTAIN}
    for case in ledgers.rows["cases"]:
        if (case["state"] == CaseState.APPROVED) != (case["id"] in unknown):
            yield f"{case['state']}, and its mail is {'un' if case['id'] in unknown else ''}certain: {case['id']}"
    if ledgers.count("flags", name="paused"):
        yield "a death was taken for a restored backup"
