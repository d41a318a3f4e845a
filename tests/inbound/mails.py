"""Mails as they arrive, byte for byte: answers, automatic replies, bounces of today and of long ago.

The reports follow the examples of RFC 3464 (appendix E) and the formats that qmail, Exim and Postfix document.
"""

from __future__ import annotations

OURS = "<0123456789abcdef0123456789abcdef@us.test>"


def raw(text: str) -> bytes:
    """The bytes of a mail written in a test: lines end as they do on the wire."""
    return text.lstrip("\n").replace("\n", "\r\n").encode()


def answer(
    text: str = "Yes, please.", *, ref: str = OURS, sender: str = "Kim Novak <kim@acme.test>", more: str = ""
) -> bytes:
    """A person's answer."""
    return raw(
        f"""
From: {sender}
To: Dana Reyes <dana@us.test>
Subject: Re: A hand with your reports?
Message-ID: <{abs(hash((text, sender, more)))}@acme.test>
In-Reply-To: {ref}
References: {ref}
{more}Content-Type: text/plain; charset=utf-8

{text}

On Fri, 20 Nov 2026 at 10:00, Dana Reyes <dana@us.test> wrote:
> Hello Kim,
> shall we look at your reports together?
"""
    )


def report(action: str = "failed", status: str = "5.1.1", *, lost: str = "kim@acme.test", why: str = "") -> bytes:
    """A report in the form of RFC 3464."""
    why = why or f"smtp; {status.replace('.', '')[0]}50 {status} <{lost}>: no such user here"
    return raw(
        f"""
Return-Path: <>
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.acme.test>
To: dana@us.test
Message-ID: <199407072116.RAA14128@mx.acme.test>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="RAA14128"

--RAA14128

The original message was received at Sat, 21 Nov 2026 09:00:00 +0000.

--RAA14128
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test
Arrival-Date: Sat, 21 Nov 2026 09:00:00 +0000

Original-Recipient: rfc822;{lost}
Final-Recipient: RFC822;{lost}
Action: {action}
Status: {status}
Diagnostic-Code: {why}

--RAA14128
Content-Type: message/rfc822

From: Dana Reyes <dana@us.test>
To: Kim Novak <kim@acme.test>
Message-ID: {OURS}
Subject: A hand with your reports?

Hello Kim,
--RAA14128--
"""
    )


QMAIL = raw(
    f"""
Return-Path: <>
From: MAILER-DAEMON@mx.acme.test
To: dana@us.test
Subject: failure notice

Hi. This is the qmail-send program at mx.acme.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<kim@acme.test>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <kim@acme.test>: Recipient address rejected: User unknown
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

Return-Path: <dana@us.test>
Message-ID: {OURS}
From: Dana Reyes <dana@us.test>

Hello Kim, call me on 450 200.
"""
)
EXIM = raw(
    f"""
Return-path: <>
X-Failed-Recipients: kim@acme.test
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.us.test>
To: dana@us.test
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1VbGyR-0003Kt-5f@mx.us.test>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  kim@acme.test
    host mx.acme.test [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<kim@acme.test>:
    550 Unrouteable address

------ This is a copy of the message, including all the headers. ------

From: Dana Reyes <dana@us.test>
Message-ID:
 {OURS}

Hello Kim,
"""
)
EXIM_LATE = raw(
    f"""
Return-path: <>
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.us.test>
To: dana@us.test
Subject: Warning: message 1VbGyR delayed 24 hours
References: {OURS}

A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.us.test.

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered.
"""
)
READ_RECEIPT = raw(
    f"""
From: kim@acme.test
To: dana@us.test
Subject: Read: A hand with your reports?
In-Reply-To: {OURS}
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

--b

Your message was read.
--b
Content-Type: message/disposition-notification

Disposition: manual-action/MDN-sent-manually; displayed
--b--
"""
)
DELIVERED = report("delivered", "2.0.0")
AWAY = raw(
    f"""
From: Kim Novak <kim@acme.test>
To: dana@us.test
Subject: Automatic reply: A hand with your reports?
Message-ID: <away-1@acme.test>
In-Reply-To: {OURS}
Auto-Submitted: auto-replied (vacation)

I am away until Monday. In urgent cases write to pat@acme.test.
"""
)
HTML_ONLY = raw(
    f"""
From: Kim Novak <kim@acme.test>
To: dana@us.test
Subject: =?utf-8?q?Antwort=3A_f=C3=BCr_Sie?=
Message-ID: <html-1@acme.test>
References: <older@elsewhere.test> {OURS}
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<html><head><style>p {{ color: red }}</style></head><body>
<p>Sch=F6n, gerne am <b>Montag</b>!</p><div>Gr=FC=DFe<br>Kim</div>
<blockquote><p>Hello Kim, shall we look?</p></blockquote></body></html>
"""
)
