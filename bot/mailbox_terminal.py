"""What `lookout mailbox` does: connect, list, forget mailboxes, and seal them anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import system_clock
from bot.config import Settings
from bot.outreach.seals import Secrets
from bot.outreach.way_out import mailboxes_of, seals_of
from bot.terminal import OPERATOR, opened
from scoring.addresses import domain_of, one_address, spellings
from scoring.casework import AuditEntry
from scoring.errors import InvalidInput, NotFound
from scoring.mailboxes import Access, Mailbox, MailboxKind
from scoring.wording import count
from storage.unit_of_work import SqlStore, SqlUnitOfWork

PASSWORD, REFRESH_TOKEN, CLIENT_SECRET = "Password", "Refresh token", "Client secret (empty if the app has none)"
ENCRYPTED = frozenset({"starttls", "tls", "none"})

FOREIGN = "{email} is in none of LOOKOUT_MAIL_DOMAINS, so Lookout would never write in its name. Nothing was kept."
NO_HOST = "--host is missing: the mail server that takes mail from {email}. Nothing was kept."
NO_CLIENT = "--client-id is missing: our app's id at {vendor}. Nothing was kept."
NO_SECRET = "No {what} came, so nothing was kept. Type it when asked, or send it by stdin."  # noqa: S105 - a sentence
BAD_TLS = "“{tls}” is no way to encrypt; use starttls or tls. Nothing was kept."
NOT_IN = "Nothing was kept: {found} Correct it, or add --unchecked to keep it all the same."
KEPT = "Mail from {email} leaves out of its own mailbox from now on ({kind}). {found}"
NOT_LOOKED = "Nobody looked whether Lookout gets in; `lookout doctor` does."
NOBODYS = " No CSM has this address yet, so nobody writes from it."
NONE = "No mailbox is connected. Mail leaves by the relay of LOOKOUT_SMTP_HOST, if there is one."
LINE = "{email}  {kind}  {where}{reads}{plus}  since {since:%Y-%m-%d}"
UNKNOWN = "There is no mailbox of {email}. `lookout mailbox list` shows those there are."
REMOVED = "The mailbox of {email} is forgotten, with what opened it. Their mail leaves by the relay, if there is one."
ROTATED = (
    "{boxes} sealed with the newest key. The older keys of LOOKOUT_SECRET_KEYS open nothing any more but old backups."
)
ASKED_TO = "they asked for no more mail"
CLOSED = "Nobody writes to {email} any more; a mail to it that is approved already is stopped."
KNOWN = "Nobody writes to {email} already: {reason}."
UNREADABLE = (
    "{fault}\nThe other mailboxes ({done}) are sealed with the newest key. Keep the older keys until that is mended."
)

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A mailbox as an operator describes it."""

    email: str
    kind: MailboxKind
    access: Access


async def added(settings: Settings, asked: Asked, ask: Ask, *, check: bool = True) -> str:
    """Keep a mailbox, if Lookout gets into it; `InvalidInput` says what is in the way, and then nothing was kept."""
    email = one_address(asked.email)
    _must_be_whole(settings, email, asked)
    secrets = _secrets(asked.kind, ask)
    now = system_clock()
    sealed = seals_of(settings).seal(email, secrets)
    mailbox = Mailbox(email, asked.kind, asked.access, sealed, now)
    async with opened(settings) as store:
        found = await _got_in(settings, store, mailbox) if check else NOT_LOOKED
        async with store() as work:
            await work.mailboxes.put(mailbox)
            csm = await _note(work, now, "mailbox connected", mailbox)
    return KEPT.format(email=email, kind=asked.kind.value, found=found) + ("" if csm else NOBODYS)


async def listed(settings: Settings) -> str:
    """Every mailbox on a line."""
    async with opened(settings) as store, store.reading() as work:
        found = await work.mailboxes.all()
    return "\n".join(_line(mailbox) for mailbox in found) or NONE


async def removed(settings: Settings, email: str) -> str:
    """Forget a mailbox; `NotFound` when there is none."""
    async with opened(settings) as store, store() as work:
        mailbox = await work.mailboxes.of(email)
        if mailbox is None:
            raise NotFound(UNKNOWN.format(email=email.strip()))
        await work.mailboxes.remove(email)
        await _note(work, system_clock(), "mailbox forgotten", mailbox)
    return REMOVED.format(email=mailbox.email)


async def rotated(settings: Settings) -> str:
    """Seal every mailbox with the newest key; `InvalidInput` names those that no key opens, after all others."""
    seals, faults, done = seals_of(settings), [], 0
    async with opened(settings) as store, store() as work:
        for mailbox in await work.mailboxes.all():
            try:
                renewed = seals.renewed(mailbox)
            except InvalidInput as fault:
                faults.append(str(fault))
                continue
            done += await work.mailboxes.reseal(mailbox.email, was=mailbox.sealed, sealed=renewed)
        if done:
            await work.audit.add(AuditEntry(system_clock(), OPERATOR, "mailboxes sealed anew", detail=str(done)))
    if faults:
        raise InvalidInput(UNREADABLE.format(fault="\n".join(faults), done=done))
    return ROTATED.format(boxes=count(done, "mailbox is", "mailboxes are"))


async def opted_out(settings: Settings, email: str) -> str:
    """Nobody writes to this address any more, also not a mail that is approved already (R51)."""
    address, now = one_address(email), system_clock()
    async with opened(settings) as store, store() as work:
        known = await work.outreach.suppressed(address)
        for spelling in spellings(address):
            await work.outreach.suppress(spelling, ASKED_TO, now)
        if known is None:
            await work.audit.add(AuditEntry(now, OPERATOR, "address closed"))
    return CLOSED.format(email=address) if known is None else KNOWN.format(email=address, reason=known)


def _must_be_whole(settings: Settings, email: str, asked: Asked) -> None:
    access = asked.access
    if domain_of(email) not in {domain.lower() for domain in settings.mail_domains}:
        raise InvalidInput(FOREIGN.format(email=email))
    if asked.kind is MailboxKind.SMTP and not access.smtp_host:
        raise InvalidInput(NO_HOST.format(email=email))
    if asked.kind is not MailboxKind.SMTP and not access.client_id:
        raise InvalidInput(NO_CLIENT.format(vendor="Google" if asked.kind is MailboxKind.GMAIL else "Microsoft"))
    for tls in (access.smtp_tls, access.imap_tls):
        if tls not in ENCRYPTED:
            raise InvalidInput(BAD_TLS.format(tls=tls))


def _secrets(kind: MailboxKind, ask: Ask) -> Secrets:
    if kind is MailboxKind.SMTP:
        return Secrets(password=_must_come(ask, PASSWORD))
    token = _must_come(ask, REFRESH_TOKEN)
    return Secrets(refresh_token=token, client_secret=ask(CLIENT_SECRET))


def _must_come(ask: Ask, what: str) -> str:
    secret = ask(what)
    if not secret:
        raise InvalidInput(NO_SECRET.format(what=what.lower()))
    return secret


async def _got_in(settings: Settings, store: SqlStore, mailbox: Mailbox) -> str:
    checked = await mailboxes_of(settings, store, system_clock).check_one(mailbox)
    if not checked.well:
        raise InvalidInput(NOT_IN.format(found=_sentence(checked.found)))
    return _sentence(checked.found)


async def _note(work: SqlUnitOfWork, now: datetime, action: str, mailbox: Mailbox) -> bool:
    """Who did it is on record; whose mailbox it is stands there by our id (R44). Whether a CSM has the address."""
    csm = await work.accounts.csm_by_email(mailbox.email)
    detail = f"{mailbox.kind.value} {csm.id if csm else ''}".strip()
    await work.audit.add(AuditEntry(now, OPERATOR, action, detail=detail))
    return csm is not None


def _line(mailbox: Mailbox) -> str:
    access = mailbox.access
    return LINE.format(
        email=mailbox.email,
        kind=mailbox.kind.value,
        where=f"{access.smtp_host}:{access.smtp_port}" if mailbox.kind is MailboxKind.SMTP else access.client_id,
        reads=f", read at {access.imap_host}:{access.imap_port}" if access.imap_host else "",
        plus=", answers say which mail they answer" if access.plus else "",
        since=mailbox.added_at,
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
