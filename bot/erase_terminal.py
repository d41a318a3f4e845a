"""What `lookout erase` prints: what is gone, the proof that it is, and where else somebody must delete it."""

from __future__ import annotations

import secrets

from bot.clock import system_clock
from bot.config import Settings
from bot.loop.erase import Erase, Forgotten
from bot.terminal import opened
from scoring.wording import count

GONE = "Erased: {people}, {mails} and {replies}, with the drafts, notes and remarks of {cases}."
PROOF = "Proof: no address and no full name of theirs stands in any text of the database any more."
LEFT = (
    "Still there: {places}. Ids and the audit are never changed; where an id is an address or a name, import other ids."
)
LOCKED = "The file still has their traces in pages that are free: stop Lookout and run this command once more."
ELSEWHERE = "Delete it elsewhere, too; Lookout cannot:"
SLACK = "- Slack: what was said in the threads of these cards (channel, message): {threads}"
CRM = "- CRM: the records {ids}"
ALWAYS = (
    "- the mailboxes of your CSMs, backups of the database, and what you import from: while they still have an "
    "account, it comes in again (an erased contact stays erased)"
)


async def erased(settings: Settings, what: str, who: str) -> str:
    """Forget a contact or an account, and say what is left to do."""
    async with opened(settings) as store:
        erase = Erase(store, system_clock, secrets.token_hex(32))
        done = await (erase.contact(who) if what == "contact" else erase.account(who))
        scrubbed = await store.scrub()
    return "\n".join([*_said(done), *([] if scrubbed else [LOCKED]), *_elsewhere(done)])


def _said(done: Forgotten) -> list[str]:
    reach = done.reach
    counts = {
        "people": count(done.people, "person", "people"),
        "mails": count(len(reach.mails), "mail"),
        "replies": count(len(reach.reply_ids), "answer"),
        "cases": count(len(reach.case_ids), "case"),
    }
    return [GONE.format(**counts), LEFT.format(places=", ".join(done.left)) if done.left else PROOF]


def _elsewhere(done: Forgotten) -> list[str]:
    threads = ", ".join(f"{channel} {message}" for channel, message in done.reach.threads)
    told = [SLACK.format(threads=threads)] if threads else []
    told += [CRM.format(ids=", ".join(done.reach.crm_ids))] if done.reach.crm_ids else []
    return [ELSEWHERE, *told, ALWAYS]
