"""Recognises what a mail server reports of a mail of ours: it bounced, or it is late (RFC 3464, and older ways)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from bot.inbound.letter import MESSAGE_ID, Letter, text_of
from scoring.replies import ReplyKind

MACHINES = re.compile(
    r"^(mailer-daemon|postmaster|mail-?delivery(-?sub)?system|mdaemon|bounces?)([+=._-].*)?@", re.IGNORECASE
)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|mail delivery (failed|failure|subsystem)|delivery (status notification|failure|has failed|incomplete)"
    r"|returned mail|failure notice|returned to sender|could ?n.t be delivered|unzustellbar|non remis|nicht zugestellt",
    re.IGNORECASE,
)
LATE = re.compile(
    r"delayed|has not yet been delivered|will be retried|keeps? trying|still trying|will try again|temporar",
    re.IGNORECASE,
)
GAVE_UP = re.compile(r"permanent|gave up|giving up|fatal|failed permanently|could not be delivered", re.IGNORECASE)
STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
CODE = re.compile(r"(?<![\d.])(4[0-5]\d|5[0-5]\d)[ -]")
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,190}")
ADDRESS_LINE = re.compile(rf"^[ \t]*<?({ADDRESS.pattern})>?:?[ \t]*$", re.MULTILINE)
OLD_MESSAGE_ID = re.compile(r"^[> \t]*Message-I[dD]:[ \t]*\n?[ \t]*(<[!-;=?-~]{1,250}>)", re.MULTILINE)
LONGEST_REPORT, REASON = 60_000, 300
# Subject and detail of a status (RFC 3463): the address or its mailbox is no more. Full boxes, big mails and policy
# are about something else, and the address may be written to again.
DEAD_SUBJECTS, DEAD_DETAILS = frozenset({"0", "1"}), frozenset({("2", "0"), ("2", "1")})
NOT_SAID = "the mail server gave no reason"


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server says: `kind` is `BOUNCE` or `DELAYED`; `about` are the Message-IDs it may speak of."""

    kind: ReplyKind
    about: tuple[str, ...]
    lost: str
    dead: bool
    reason: str


def may_be_report(head: Letter) -> bool:
    """Whether the rest of a mail must be read to know what it is about: its head alone does not name our mail."""
    if head.message.get_content_type() == "multipart/report" or head.header("X-Failed-Recipients"):
        return True
    return bool(MACHINES.match(head.sender)) or (
        head.header("Return-Path") == "<>" and bool(BOUNCE_SUBJECT.search(head.header("Subject")))
    )


def report_in(letter: Letter) -> Report | None:
    """What a mail server reports in this mail; None where it reports no failure."""
    status = next((part for part in letter.parts() if part.get_content_type() == "message/delivery-status"), None)
    if status is not None:
        return _standard(letter, status)
    if letter.message.get_content_type() == "multipart/report":  # a read receipt, a complaint: no failure
        return None
    return _older(letter) if may_be_report(letter) else None


def _standard(letter: Letter, status: Message) -> Report | None:
    """RFC 3464: a block of fields for each recipient; a mail of ours has one."""
    blocks = [block for block in _blocks(status) if block.get("Action")]
    failed = next((block for block in blocks if _word(block, "Action") == "failed"), None)
    late = next((block for block in blocks if _word(block, "Action") == "delayed"), None)
    block = failed or late
    if block is None:
        return None
    lost = _address(block, "Original-Recipient") or _address(block, "Final-Recipient")
    status_text = str(block.get("Status", ""))
    reason = _clean(str(block.get("Diagnostic-Code", "")).partition(";")[2] or status_text)
    kind = ReplyKind.BOUNCE if failed else ReplyKind.DELAYED
    return Report(kind, _originals(letter), lost, bool(failed) and _dead(status_text), reason)


def _blocks(status: Message) -> list[Message]:
    held = status.get_payload()
    return [block for block in held if isinstance(block, Message)] if isinstance(held, list) else []


def _older(letter: Letter) -> Report | None:
    """Before RFC 3464 and beside it (qmail, Exim, old Exchange): words, an address, a copy of the mail."""
    text = letter.text(whole=True)[:LONGEST_REPORT]
    told = re.split(r"(?im)^[- ]*(this is a copy|below this line|original message|message header)", text)[0]
    subject = letter.header("Subject")
    status, code = STATUS.search(told), CODE.search(told)
    digit = status.group(1) if status else code.group(1)[0] if code else ""
    failed_at = letter.header("X-Failed-Recipients")
    says_late, gave_up = LATE.search(f"{subject} {told}"), GAVE_UP.search(f"{subject} {told}")
    if not (digit or failed_at or says_late or gave_up or BOUNCE_SUBJECT.search(subject)):
        return None
    late = not gave_up and (digit == "4" or (not digit and bool(says_late)))
    lost = ADDRESS.findall(failed_at) or ADDRESS_LINE.findall(told)
    dead = not late and (_dead(status.group()) if status else bool(code and code.group(1) in {"550", "551", "553"}))
    return Report(
        ReplyKind.DELAYED if late else ReplyKind.BOUNCE,
        _originals(letter),
        lost[0] if lost else "",
        dead,
        _reason(told, status or code),
    )


def _reason(told: str, hit: re.Match[str] | None) -> str:
    """The line that names the code: in it stands why."""
    if hit is None:
        return NOT_SAID
    begin, end = told.rfind("\n", 0, hit.start()) + 1, told.find("\n", hit.end())
    return _clean(told[begin : end if end >= 0 else None])


def _originals(letter: Letter) -> tuple[str, ...]:
    """The Message-ID of the mail that is reported: in its copy, in the text, or where an answer would name it."""
    own, found = letter.message_id, list[str]()
    for part in letter.parts():
        if part is not letter.message and part.get("Message-ID"):
            found += MESSAGE_ID.findall(str(part.get("Message-ID")))
        if part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers", "text/plain"}:
            found += OLD_MESSAGE_ID.findall(text_of(part)[:LONGEST_REPORT])
    return tuple(name for name in dict.fromkeys([*found, *letter.clues.message_ids]) if name != own)


def _word(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip().lower()


def _address(block: Message, name: str) -> str:
    """`rfc822; kim@acme.test` names an address."""
    found = ADDRESS.search(str(block.get(name, "")).partition(";")[2])
    return found.group() if found else ""


def _dead(status: str) -> bool:
    found = STATUS.search(status)
    if not found or found.group(1) != "5":
        return False
    return found.group(2) in DEAD_SUBJECTS or (found.group(2), found.group(3)) in DEAD_DETAILS


def _clean(text: str) -> str:
    """A server's words on one line, without control characters, cut."""
    words = " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())
    return words[:REASON] or NOT_SAID
