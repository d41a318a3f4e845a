"""What a mail server's answers mean for a mail: try later, give up, or an operator must act.

Codes: RFC 5321 section 4.2 and 4.5; enhanced codes (`5.1.1`): RFC 3463.
"""

from __future__ import annotations

import re

import aiosmtplib

from scoring.messages import Receipt

DETAIL = 300
LATER = range(400, 500)
FOR_GOOD = range(500, 600)
ADDRESS_CODES = frozenset({550, 551, 553})
# "Log in first", "bad login", "encryption needed": the set-up, not the mail.
LOGIN_CODES = frozenset({454, 530, 534, 535, 538})
ENHANCED = re.compile(r"\s*[245]\.(\d{1,3})\.\d{1,3}\b")
ADDRESS_SUBJECT, POLICY_SUBJECT = "1", "7"

NOT_REACHED = "The mail server could not be reached: {fault}."
LOGIN_REFUSED = "The mail server refused our login ({code})."
BAD_ANSWER = "The mail server gave an answer that says neither yes nor no ({code})."
SAID = "The mail server answered {code}: {text}"


def about_sender(refusal: aiosmtplib.SMTPSenderRefused) -> Receipt:
    """MAIL FROM was refused: never the recipient's fault."""
    detail = _said(refusal.code, refusal.message)
    if refusal.code in LOGIN_CODES:
        return Receipt("deferred", detail, cause="setup")
    if refusal.code in FOR_GOOD:
        return Receipt("refused", detail, cause="setup")
    return Receipt("deferred", detail)


def about_recipient(refusal: aiosmtplib.SMTPRecipientRefused) -> Receipt:
    """RCPT TO was refused: greylisting, a dead address, or a relay that does not take our mail."""
    detail = _said(refusal.code, refusal.message)
    if refusal.code in LOGIN_CODES:
        return Receipt("deferred", detail, cause="setup")
    if refusal.code not in FOR_GOOD:
        return Receipt("deferred", detail)
    subject = ENHANCED.match(refusal.message)
    if subject:
        return Receipt("refused", detail, cause=_cause_of(subject.group(1)))
    about_relay = "relay" in refusal.message.lower()
    return Receipt("refused", detail, cause="setup" if about_relay else _plain_cause(refusal.code))


def about_data(refusal: aiosmtplib.SMTPDataError) -> Receipt:
    """The text itself was answered; only 4xx and 5xx are a certain no."""
    detail = _said(refusal.code, refusal.message)
    if refusal.code in LATER:
        return Receipt("deferred", detail)
    if refusal.code in FOR_GOOD:
        return Receipt("refused", detail)
    return Receipt("unknown", BAD_ANSWER.format(code=refusal.code))


def unreachable(fault: Exception) -> Receipt:
    """No connection, no encryption, no login: nothing was sent and an operator must look (D5)."""
    if isinstance(fault, aiosmtplib.SMTPAuthenticationError):
        return Receipt("deferred", LOGIN_REFUSED.format(code=fault.code), cause="setup")
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return Receipt("deferred", _said(fault.code, fault.message), cause="setup")
    return Receipt("deferred", NOT_REACHED.format(fault=one_line(str(fault)) or type(fault).__name__), cause="setup")


def _cause_of(subject: str) -> str:
    return {ADDRESS_SUBJECT: "address", POLICY_SUBJECT: "setup"}.get(subject, "")


def _plain_cause(code: int) -> str:
    return "address" if code in ADDRESS_CODES else ""


def _said(code: int, text: str) -> str:
    return SAID.format(code=code, text=one_line(text))


def one_line(text: str) -> str:
    """A server's words on one line, without control characters, cut."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())[:DETAIL]
