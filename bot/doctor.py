"""`lookout doctor`: what works, what does not, and what to do about it, in the order of the README's steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.config import Settings, misspelt
from bot.inbound.inboxes import Looked
from bot.loop.briefing import data_until
from bot.loop.ports import Clock
from bot.loop.records import Store
from bot.outreach.mailboxes import Checked
from scoring.audit_chain import first_break
from scoring.errors import LookoutError

FRESH = timedelta(days=2)
AUDIT_TAIL = 200
UNNAMED: str = Settings.model_fields["product_name"].default
NAMELESS = f"has no name: drafts say “{UNNAMED}”"
NAME_IT = "Set LOOKOUT_PRODUCT_NAME."
SANDBOX = "sandbox: every mail is kept in a folder and reaches nobody"
OWN_ALONE = "no relay: out of mailboxes of CSMs alone"
MEND_MAILBOX = "Mend it at the mail server, or run lookout mailbox add again; nothing was sent."
WITHOUT = "there is no relay, and these CSMs have no mailbox: {emails}"
MEND_WITHOUT = "Run lookout mailbox add for each of them, or set LOOKOUT_SMTP_HOST."
NO_USAGE = "Import events, or send them to /v1/batch; then run: lookout score"

UNSEEN = "no mailbox is read: answers and bounces are not seen, and a person decides about each follow-up"
MEND_INBOX = "Correct LOOKOUT_IMAP_*, or add that mailbox again; nothing in it was changed."


class Verdict(StrEnum):
    """How a check ended; `OFF` is a part that is not set up and not needed."""

    OK = "ok"
    OFF = "off"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do if it is wrong."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


Probe = Callable[[], Awaitable[Sequence[Check]]]


async def examine(probes: Sequence[tuple[str, Probe]]) -> list[Check]:
    """Run every probe; one that fails becomes a check that is wrong, and the others still run."""
    checks: list[Check] = []
    for name, probe in probes:
        try:
            checks.extend(await probe())
        except (LookoutError, OSError) as error:
            checks.append(Check(name, Verdict.WRONG, str(error), "Mend that first; the checks behind it need it."))
    return checks


def check_files(problems: Sequence[tuple[str, str]]) -> list[Check]:
    """The usage files that could not be read and were set aside, each by its name."""
    mend = "It lies in LOOKOUT_HOME/usage/set-aside. Bring the events of that time in again: lookout import PATH"
    wrong = [Check("usage file", Verdict.WRONG, f"{file} was set aside: {what}", mend) for file, what in problems]
    return wrong or [Check("usage files", Verdict.OK, "all readable so far")]


def check_mailboxes(found: Sequence[Checked], senders: Iterable[str] = ()) -> list[Check]:
    """Every mailbox of a CSM, and whether Lookout gets into it; nothing was sent.

    `senders` are those who need one, because there is no relay.
    """
    known = {box.email.lower() for box in found}
    without = sorted(email for email in senders if email.lower() not in known)
    return [
        *(
            Check("mailbox", Verdict.OK if box.well else Verdict.WRONG, f"{box.email}: {box.found}", MEND_MAILBOX)
            for box in found
        ),
        *(
            [Check("mailbox", Verdict.WRONG, WITHOUT.format(emails=", ".join(without)), MEND_WITHOUT)]
            if without
            else []
        ),
    ]


def check_inboxes(found: Sequence[Looked]) -> list[Check]:
    """Every mailbox in which answers are looked for, and whether Lookout gets into it."""
    if not found:
        return [Check("answers", Verdict.OFF, UNSEEN, "Set LOOKOUT_IMAP_HOST, or give mailboxes an IMAP host.")]
    return [
        Check("answers", Verdict.OK if box.well else Verdict.WRONG, f"{box.name}: {box.found}", MEND_INBOX)
        for box in found
    ]


def check_settings(settings: Settings) -> list[Check]:
    """Which parts are set up at all; secrets are only said to be there or not."""
    mode = "Socket Mode" if settings.socket_mode else "HTTP"
    return [
        *(_meaningless(name, near) for name, near in misspelt().items()),
        _slack_tokens(settings, mode),
        Check("write keys", Verdict.OK, f"{len(settings.write_keys)} set")
        if settings.write_keys
        else Check("write keys", Verdict.OFF, "none set: events over HTTP are refused", "Set LOOKOUT_WRITE_KEYS."),
        Check("model", Verdict.OK, f"drafts by {settings.openai_model}")
        if settings.openai_api_key.get_secret_value()
        else Check("model", Verdict.OFF, "no key: every draft is a template, and says so", "Set OPENAI_API_KEY."),
        _mail(settings),
        *([] if settings.product_name != UNNAMED else [Check("product", Verdict.OFF, NAMELESS, NAME_IT)]),
    ]


def _mail(settings: Settings) -> Check:
    if settings.sandbox:
        return Check("mail", Verdict.OFF, SANDBOX, "Set LOOKOUT_SANDBOX=false, with a LOOKOUT_HOME of its own.")
    if not settings.smtp_host and not settings.secret_keys:
        return Check("mail", Verdict.OFF, "no mail server: drafts cannot be sent", "Set LOOKOUT_SMTP_HOST.")
    relay = f"by {settings.smtp_host}:{settings.smtp_port} ({settings.smtp_tls})"
    said = relay if settings.smtp_host else OWN_ALONE
    if not settings.mail_domains:
        return Check("mail", Verdict.WRONG, f"{said}, in nobody's name: no mail can leave", "Set LOOKOUT_MAIL_DOMAINS.")
    return Check("mail", Verdict.OK, said)


def _meaningless(name: str, near: str) -> Check:
    """A setting that nobody reads: without a word its owner would believe that it holds."""
    mend = f"Did you mean {near}?" if near else ".env.example lists every setting."
    return Check("settings", Verdict.WRONG, f"{name} means nothing", mend)


def _slack_tokens(settings: Settings, mode: str) -> Check:
    missing = [
        name
        for name, secret in (
            ("SLACK_BOT_TOKEN", settings.slack_bot_token),
            ("SLACK_SIGNING_SECRET", settings.slack_signing_secret),
        )
        if not secret.get_secret_value() and not (name == "SLACK_SIGNING_SECRET" and settings.socket_mode)
    ]
    if missing:
        mend = "Create the app from manifest.yml, install it, and copy the values into .env."
        return Check("Slack tokens", Verdict.WRONG, f"missing: {', '.join(missing)}", mend)
    return Check("Slack tokens", Verdict.OK, f"set; Slack comes by {mode}")


@dataclass(frozen=True, slots=True)
class StoreProbe:
    """The database opens, has accounts and CSMs with e-mails, and its data is fresh."""

    store: Store
    clock: Clock

    async def __call__(self) -> list[Check]:
        """The database and what is in it."""
        async with self.store.reading() as work:
            accounts, csms = await work.accounts.all(), await work.accounts.csms()
            newest, day = await data_until(work), await work.snapshots.latest_day()
            paused, waiting = await work.flags.get("paused"), await work.slack.backlog()
            tail = await work.audit.tail(AUDIT_TAIL)
        owned = {account.csm_id for account in accounts}
        checks = [Check("database", Verdict.OK, f"{len(accounts)} accounts, {len(csms)} CSMs")]
        if not accounts:
            checks.append(Check("accounts", Verdict.WRONG, "none yet", "Run: lookout import accounts.csv people.csv"))
        elif owned <= {None}:
            mend = "Give accounts a csm column with the CSM's e-mail, and import again."
            checks.append(Check("owners", Verdict.WRONG, "no account has a CSM", mend))
        if newest is None:
            checks.append(Check("usage", Verdict.WRONG, "no event has been scored yet", NO_USAGE))
        else:
            fresh = self.clock() - newest <= FRESH
            said = f"newest event {newest:%Y-%m-%d %H:%M} UTC, last day scored {day or 'none'}"
            mend = "" if fresh else "Events stopped coming in; check your tracking before you trust a score."
            checks.append(Check("usage", Verdict.OK if fresh else Verdict.WRONG, said, mend))
        if paused is not None:
            checks.append(
                Check("sending", Verdict.OFF, f"paused by {paused}", "When that is mended, run: lookout resume")
            )
        if broken := first_break(tail, whole=len(tail) < AUDIT_TAIL):
            mend = "Run: lookout audit --verify. Somebody changed the database; compare it with a backup."
            checks.append(Check("audit", Verdict.WRONG, f"row {broken.seq} does not hold: {broken.why}", mend))
        if waiting:
            said = f"{waiting} cards and messages wait for their time, or for Slack"
            checks.append(Check("messages", Verdict.OK, said))
        return checks
