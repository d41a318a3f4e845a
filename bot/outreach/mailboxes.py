"""Picks the mailbox out of which a mail leaves: its sender's own, else the relay that may send for our domains.

From is always the mailbox's own address in one of our domains, so DMARC holds (R50); answers come back to an address
that says which mail they answer, where the mailbox takes such addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from bot.loop.ports import Clock, Mailer
from bot.loop.records import Store
from bot.outreach.carriers import Carriers
from bot.outreach.message import as_message
from bot.outreach.seals import Seals, Secrets
from bot.outreach.sent_copy import Copy, file_copy, look
from scoring.addresses import plus_address, reply_token
from scoring.errors import InvalidInput, LookoutError, Unavailable
from scoring.mailboxes import Mailbox, MailboxKind
from scoring.messages import Mail, Receipt

FILES = "copies go to {folder}"
FILES_NOWHERE = "it has no Sent folder; add it again with --sent-folder, or with --no-copies"
UNSUBSCRIBE = "mailto:{address}?subject={subject}"
SUBJECT = "unsubscribe {token}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What `lookout doctor` learned about one mailbox without sending anything."""

    email: str
    well: bool
    found: str


class Mailboxes:
    """Implements the loop's `Mailer` and `SentCopies`. Mailboxes are read anew for each mail: changes hold at once.

    `relay` takes the mails of those who have no mailbox of their own. `unsubscribe` is an address for
    List-Unsubscribe; empty: no such header.
    """

    def __init__(
        self, store: Store, relay: Mailer, *, seals: Seals, carriers: Carriers, clock: Clock, unsubscribe: str = ""
    ) -> None:
        self._store = store
        self._relay = relay
        self._seals = seals
        self._carriers = carriers
        self._clock = clock
        self._unsubscribe = unsubscribe
        self._copies: dict[str, tuple[Mailbox, Secrets, Copy]] = {}

    async def send(self, mail: Mail) -> Receipt:
        """Hand the mail over once, out of its sender's mailbox; never raises for what others do (R54)."""
        try:
            async with self._store.reading() as work:
                mailbox = await work.mailboxes.of(mail.from_email)
        except Unavailable as fault:
            return Receipt("deferred", str(fault))
        if mailbox is None:
            return await self._relay.send(self._addressed(mail, plus=False))
        receipt = await self._out_of(mailbox, self._addressed(mail, plus=mailbox.access.plus))
        return replace(receipt, own=True) if receipt.cause == "setup" else receipt

    async def keep(self, mail: Mail) -> str:
        """File a copy of a mail that `send` handed over, where that is ours to do; empty, or why there is none."""
        kept = self._copies.pop(mail.message_id, None)
        return await file_copy(*kept) if kept else ""

    async def check(self) -> list[Checked]:
        """Get into each mailbox, for `lookout doctor`; nothing is sent."""
        async with self._store.reading() as work:
            found = await work.mailboxes.all()
        return [await self.check_one(mailbox) for mailbox in found]

    async def check_one(self, mailbox: Mailbox) -> Checked:
        """Get into a mailbox, whether it is kept or not; nothing is sent."""
        try:
            secrets = self._seals.open(mailbox)
            receipt = await self._carriers.of(mailbox, secrets, self._clock()).reach()
            if receipt.state != "sent" or not _files_copies(mailbox):
                return Checked(mailbox.email, receipt.state == "sent", receipt.detail)
            folder = await look(mailbox, secrets)
        except LookoutError as fault:
            return Checked(mailbox.email, well=False, found=str(fault))
        said = FILES.format(folder=folder) if folder else FILES_NOWHERE
        return Checked(mailbox.email, well=bool(folder), found=f"{receipt.detail}; {said}")

    async def _out_of(self, mailbox: Mailbox, mail: Mail) -> Receipt:
        at = self._clock()
        try:
            secrets = self._seals.open(mailbox)
            carrier = self._carriers.of(mailbox, secrets, at)
        except InvalidInput as fault:
            return Receipt("deferred", str(fault), cause="setup")
        receipt = await carrier.send(mail)
        if receipt.state == "sent" and _files_copies(mailbox):
            copy = Copy(mail.message_id, as_message(mail, at).as_bytes(), at)
            self._copies[mail.message_id] = (mailbox, secrets, copy)
        return receipt

    def _addressed(self, mail: Mail, *, plus: bool) -> Mail:
        """The mail with the address for answers, and with the one for those who want no more."""
        token = reply_token(mail.message_id)
        reply_to = mail.reply_to or (plus_address(mail.from_email, token) if plus else "")
        subject = quote(SUBJECT.format(token=token).strip())
        stop = UNSUBSCRIBE.format(address=self._unsubscribe, subject=subject) if self._unsubscribe else ""
        return replace(mail, reply_to=reply_to, unsubscribe=mail.unsubscribe or stop)


def _files_copies(mailbox: Mailbox) -> bool:
    """Gmail and Exchange file what goes through their APIs by themselves."""
    return mailbox.kind is MailboxKind.SMTP and bool(mailbox.access.imap_host) and mailbox.access.copies
