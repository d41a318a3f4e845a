"""What a mail is: an answer, a machine's, one that bounced or is late; and which words are a person's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.inbound.own_words import KEPT, NOTHING, own_words
from bot.inbound.reading import arrival_of, clues_of_head
from scoring.replies import Clues, ReplyKind
from tests.inbound import mails
from tests.inbound.mails import OURS, answer, report
from tests.own_time import own_seconds
from tests.thoroughness import examples

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
TOKEN = OURS[1:17]


def read(content: bytes):
    return arrival_of(content, AT)


def test_an_answer_is_the_persons_own_words_and_names_our_mail():
    found = read(answer("Yes, on *Monday* <!channel>.\n\nBest regards,\nKim\n-- \nKim Novak, Acme"))

    assert (found.kind, found.from_email, found.text) == (
        ReplyKind.ANSWER,
        "kim@acme.test",
        "Yes, on *Monday* <!channel>.",
    )
    assert found.clues.message_ids == (OURS,)


def test_an_answer_in_html_alone_is_read_without_markup_and_quotes():
    found = read(mails.HTML_ONLY)

    assert (found.kind, found.text) == (ReplyKind.ANSWER, "Schön, gerne am Montag!")
    assert found.clues.message_ids == (OURS, "<older@elsewhere.test>")


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated; owner-email=kim\n",
        "X-Autoreply: yes\n",
        "Precedence: auto_reply\n",
        "Precedence: bulk\n",
        "Return-Path: <>\n",
    ],
)
def test_what_a_machine_marks_as_its_own_is_no_answer(more):
    assert read(answer(more=more)).kind is ReplyKind.AUTO


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: A hand with your reports?", ReplyKind.AUTO),
        ("Out of Office", ReplyKind.AUTO),
        ("Abwesenheitsnotiz", ReplyKind.AUTO),
        ("Réponse automatique : bonjour", ReplyKind.AUTO),
        ("Re: Out of Office", ReplyKind.ANSWER),
        ("AW: Automatische Antwort", ReplyKind.ANSWER),
        ("Our office moves", ReplyKind.ANSWER),
    ],
)
def test_a_subject_is_the_last_hint_and_never_against_a_persons_re(subject, kind):
    assert read(answer().replace(b"Re: A hand with your reports?", subject.encode())).kind is kind


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: no\n",
        "List-Id: <team.acme.test>\nPrecedence: list\n",
        "List-Post: <mailto:team@acme.test>\nPrecedence: bulk\n",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply\n",
    ],
)
def test_an_answer_through_a_list_or_one_that_asks_for_no_automatic_reply_is_an_answer(more):
    assert read(answer(more=more)).kind is ReplyKind.ANSWER


@pytest.mark.parametrize(
    ("action", "status", "kind", "dead"),
    [
        ("failed", "5.1.1", ReplyKind.BOUNCE, True),
        ("failed", "5.0.0", ReplyKind.BOUNCE, True),
        ("failed", "5.2.1", ReplyKind.BOUNCE, True),
        ("failed", "5.2.2", ReplyKind.BOUNCE, False),
        ("failed", "5.7.1", ReplyKind.BOUNCE, False),
        ("failed", "4.4.7", ReplyKind.BOUNCE, False),
        ("delayed", "4.4.1", ReplyKind.DELAYED, False),
    ],
)
def test_a_report_says_whether_a_mail_is_lost_or_late_and_whether_the_address_is_dead(action, status, kind, dead):
    found = read(report(action, status))

    assert (found.kind, found.dead, found.lost) == (kind, dead, "kim@acme.test")
    assert found.text.endswith("<kim@acme.test>: no such user here")
    assert found.clues.message_ids == (OURS,)
    assert clues_of_head(report())[1]


@pytest.mark.parametrize(
    ("content", "kind", "dead", "reason"),
    [
        (mails.QMAIL, ReplyKind.BOUNCE, True, "User unknown"),
        (mails.EXIM, ReplyKind.BOUNCE, True, "550 Unrouteable address"),
        (mails.EXIM_LATE, ReplyKind.DELAYED, False, "the mail server gave no reason"),
    ],
)
def test_reports_from_before_the_standard_are_understood(content, kind, dead, reason):
    found = read(content)

    assert (found.kind, found.dead) == (kind, dead)
    assert reason in found.text
    assert found.clues.message_ids == (OURS,)
    assert clues_of_head(content)[1]


@pytest.mark.parametrize("content", [mails.READ_RECEIPT, mails.DELIVERED, mails.AWAY])
def test_a_receipt_is_neither_an_answer_nor_a_failure(content):
    assert read(content).kind is ReplyKind.AUTO


@pytest.mark.parametrize(
    ("subject", "token"),
    [
        ("unsubscribe 0123456789abcdef", "0123456789abcdef"),
        ("Unsubscribe 0123456789ABCDEF", "0123456789abcdef"),
        ("unsubscribe", ""),
        ("Re: how do I unsubscribe 0123456789abcdef", ""),
    ],
)
def test_the_button_for_no_more_mail_names_our_mail_in_its_subject(subject, token):
    pressed = f"From: kim@acme.test\r\nTo: stop@us.test\r\nSubject: {subject}\r\nMessage-ID: <u@acme.test>\r\n\r\n"
    found = read(pressed.encode())
    assert (found.stop, found.clues.tokens) == (bool(token), (token,) if token else ())
    assert clues_of_head(pressed.encode())[0].tokens == found.clues.tokens


def test_a_token_in_any_recipient_names_our_mail_too():
    content = answer().replace(OURS.encode(), b"<changed@relay.test>")
    plussed = content.replace(b"<dana@us.test>\r\nSubject", f"<Dana+{TOKEN.upper()}@us.test>\r\nSubject".encode())

    assert clues_of_head(plussed)[0] == Clues(("<changed@relay.test>",), (TOKEN,))


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> shall we?\nYes.\n> when?\nTomorrow.", "Yes.\nTomorrow."),
        ("Sure\n\nSent from my iPhone", "Sure"),
        ("Gerne!\n\nAm 20.11.2026 um 10:00 schrieb Dana <d@us.test>:\n> hallo", "Gerne!"),
        ("ok\n\n________________________________\nFrom: Dana\nSent: Monday\nTo: Kim\n\nhello", "ok"),
        ("- one\n- two", "- one\n- two"),
        ("> only\n> quotes", NOTHING),
        ("", NOTHING),
        ("bell\x07 and \u202eturned", "bell  and  turned"),
    ],
)
def test_only_a_persons_own_words_are_kept(text, own):
    assert own_words(text) == own


@pytest.mark.parametrize(
    "hostile",
    [
        "On " + "a " * 200_000,
        "\n" * 400_000,
        "> " * 200_000,
        "From: x\n" * 90_000,
        "On a\n" * 90_000,
        "Thanks, x " * 90_000,
    ],
    ids=["one line", "empty lines", "quotes", "heads", "dates", "thanks"],
)
def test_a_hostile_text_is_read_quickly_and_kept_short(hostile):
    begun = own_seconds()

    assert len(own_words(hostile)) <= KEPT
    assert own_seconds() - begun < 3


@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_no_mail_however_broken_stops_the_reading(data):
    base = data.draw(st.sampled_from([answer(), report(), mails.QMAIL, mails.HTML_ONLY, mails.AWAY]))
    cut = data.draw(st.integers(0, len(base)))
    noise = data.draw(st.binary(max_size=60))
    content = base[:cut] + noise + base[cut + data.draw(st.integers(0, 40)) :]

    clues_of_head(content)
    assert len(read(content).text) <= KEPT


def test_a_mail_nested_beyond_reason_is_read_as_far_as_it_goes():
    boundary = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    found = read(b"From: kim@acme.test\r\nIn-Reply-To: " + OURS.encode() + b"\r\n" + boundary * 1_500 + b"hello")

    assert (found.from_email, found.clues.message_ids) == ("kim@acme.test", (OURS,))
