"""Briefs in every state that people can meet, for golden files and for clicks; times and names are fixed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from scoring.briefs import (
    AwayBrief,
    AwayForm,
    Bar,
    CardBrief,
    Choice,
    DigestBrief,
    HealthBrief,
    HomeBrief,
    Line,
    Section,
)
from scoring.casework import (
    Case,
    CaseState,
    Draft,
    Fact,
    Finding,
    Outreach,
    OutreachKind,
    OutreachState,
    Trigger,
    TriggerKind,
    Verdict,
)
from scoring.follow_up import FollowUp, FollowUpState
from scoring.model import Account, Band, Basis, Health, Part, Person, Role, Signals
from scoring.replies import Reply, ReplyKind

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

ACME = Account(
    "acme", "Acme Corp", domain="acme.test", seats=20, arr=48_000, renewal_on=date(2027, 1, 14), csm_id="csm-dana"
)
DANA = Person("csm-dana", Role.CSM, "Dana Reyes", "dana@us.test", timezone="Europe/Berlin", slack_id="UDANA")
OMAR = Person("csm-omar", Role.CSM, "Omar Haddad", "omar@us.test", timezone="Europe/Berlin", slack_id="UOMAR")
KIM = Person("kim", Role.CONTACT, "Kim Novak", "kim@acme.test", account_id="acme", primary=True)
FACTS = (
    Fact("usage", "Usage is 42 % below its own 90 days: 118 user-days in 14, usually 203."),
    Fact("people", "6 of 20 people were active in 28 days; in the 90 days before it were 15."),
    Fact("last", "Nobody used report_builder since 29 October."),
)
SIGNALS = Signals(
    "acme",
    DAY,
    last_active_on=date(2026, 11, 18),
    usage_ratio=Fraction(58, 100),
    usage_basis=Basis.OWN_HISTORY,
    seats=20,
)
HEALTH = Health(
    "acme",
    DAY,
    34.4,
    (
        Part("activity", 20.0, 0.4, 8.0),
        Part("engagement", 30.0, 0.3, 9.0),
        Part("milestones", 50.0, 0.2, 10.0),
        Part("recency", 74.0, 0.1, 7.4),
    ),
)
TRIGGER = Trigger(TriggerKind.USAGE_DROP, "acme", DAY, "2026-11-20", FACTS, "R24", floor=Band.AT_RISK)
CASE = Case(
    "case-1",
    "acme",
    CaseState.OPEN,
    Band.CRITICAL,
    opened_at=NOW - timedelta(hours=2),
    triggers=(TRIGGER,),
    play="usage_drop",
    csm_id="csm-dana",
    due_at=NOW + timedelta(hours=22),
    high_priority=True,
)
BODY = (
    "Hi Kim,\n\nyour team built its quarterly review in the report builder, and it was quick work.\n"
    "There is a shorter way now: a saved report can be sent out each Monday without anybody opening it.\n\n"
    "Shall I set up the first one with you? Fifteen minutes are enough.\n\n"
    "https://docs.us.test/reports/schedule\n\nBest,\nDana\nCustomer Success\n+1 555 0100"
)
DRAFT = Draft(
    "draft-1",
    "case-1",
    "acme",
    1,
    "kim",
    "Kim Novak",
    "kim@acme.test",
    "csm-dana",
    "Dana Reyes",
    "dana@us.test",
    "Your Monday report, without the work",
    BODY,
    "template",
    "usage_drop",
    NOW - timedelta(hours=1),
)
OUTREACH = Outreach(
    "mail-1",
    "case-1",
    "acme",
    "draft-1",
    DRAFT.content_hash,
    OutreachState.APPROVED,
    approved_by="csm-omar",
    approved_at=NOW - timedelta(seconds=4),
    not_before=NOW + timedelta(seconds=6),
    to_id="kim",
    to_email="kim@acme.test",
    message_id="<mail-1@us.test>",
)


def card(case: Case = CASE, **more: Any) -> CardBrief:
    """A card's brief; any field can be named."""
    known: dict[str, Any] = {
        "account": ACME,
        "case": case,
        "health": HEALTH,
        "signals": SIGNALS,
        "why": FACTS,
        "csm": DANA,
        "contact": KIM,
        "draft": DRAFT,
        "outreach": None,
        "people": {person.id: person for person in (DANA, OMAR, KIM)},
        "data_until": NOW - timedelta(hours=3),
        "now": NOW,
        "previous_score": 51.2,
    }
    return CardBrief(**known | more)


def case(state: CaseState = CaseState.OPEN, by: str = "csm-omar", **more: Any) -> Case:
    """The case in another state, changed by Omar two minutes ago."""
    return replace(CASE, state=state, changed_by=by, changed_at=NOW - timedelta(minutes=2), **more)


def mail(state: OutreachState, **more: Any) -> Outreach:
    """The mail in another state."""
    return replace(OUTREACH, state=state, **more)


def approved(state: OutreachState, **more: Any) -> CardBrief:
    """A card whose mail was approved and stands in `state`."""
    return card(case(CaseState.APPROVED), outreach=mail(state, **more))


def reply(kind: ReplyKind = ReplyKind.ANSWER, **more: Any) -> Reply:
    """What came back for the mail, an hour ago."""
    known = {"from_email": "kim@acme.test", "text": "Yes, please.", "received_at": NOW - timedelta(hours=1)}
    return Reply(f"reply-{kind}", OUTREACH.id, "case-1", "acme", kind, **known | more)


def sent_with(*replies: Reply) -> CardBrief:
    """A card whose mail was sent, and what came back for it."""
    sent = mail(OutreachState.SENT, sent_at=NOW - timedelta(days=1))
    return card(case(CaseState.CONTACTED), outreach=sent, replies=replies)


def follow_up(**more: Any) -> FollowUp:
    """What follows the sent mail in six days."""
    return FollowUp("mail-1", "case-1", "acme", NOW + timedelta(days=6), **more)


def bounced(**more: Any) -> CardBrief:
    """A card that is open again, because its mail bounced."""
    sent = mail(OutreachState.SENT, sent_at=NOW - timedelta(days=1))
    lost = reply(ReplyKind.BOUNCE, from_email="mailer-daemon@mx.test", text="550 5.1.1 no such user")
    return card(case(by="lookout"), outreach=sent, replies=(lost,), **more)


LATER = NOW + timedelta(days=3)
MODEL_DRAFT = replace(DRAFT, origin="gpt-5-mini")
NOTED_DRAFT = replace(
    DRAFT,
    note="the model's draft named a number that is not in the facts",
    findings=(Finding("R47", "Two requests; one is easier to answer."),),
)
EDITED_DRAFT = replace(DRAFT, origin="csm-omar", version=3)

CARDS: dict[str, CardBrief] = {
    "open": card(),
    "open_by_model": card(draft=MODEL_DRAFT),
    "open_with_note": card(draft=NOTED_DRAFT),
    "open_edited": card(draft=EDITED_DRAFT),
    "open_bare": card(
        replace(CASE, high_priority=False, due_at=None, severity=Band.AT_RISK),
        account=replace(ACME, arr=None, renewal_on=None),
        csm=None,
        data_until=NOW - timedelta(days=4),
        previous_score=None,
        why=(),
        demo=True,
    ),
    "writing": card(draft=None),
    "no_contact": card(draft=None, contact=None),
    "approved": approved(OutreachState.APPROVED),
    "approved_for_later": approved(OutreachState.APPROVED, not_before=LATER),
    "sending": approved(OutreachState.SENDING, claimed_at=NOW),
    "uncertain": approved(OutreachState.UNCERTAIN, claimed_at=NOW, error="the connection broke after the text"),
    "sent": card(case(CaseState.CONTACTED), outreach=mail(OutreachState.SENT, sent_at=NOW)),
    "answered": sent_with(reply(ReplyKind.AUTO), reply()),
    "answered_elsewhere": sent_with(reply(ReplyKind.ELSEWHERE, from_email="csm-dana", text="")),
    "away": sent_with(reply(ReplyKind.AUTO)),
    "late": sent_with(reply(ReplyKind.DELAYED, text="connection timed out")),
    "bounced": bounced(),
    "bounced_with_another": bounced(draft=replace(DRAFT, to_id="pat", to_name="Pat", to_email="pat@acme.test")),
    "failed": card(case(), outreach=mail(OutreachState.FAILED, error="550 no such mailbox")),
    "stopped": card(case(), outreach=mail(OutreachState.STOPPED, error="the account recovered")),
    "undone": card(case(), outreach=mail(OutreachState.UNDONE)),
    "snoozed": card(case(CaseState.SNOOZED, snoozed_until=LATER, snooze_reason="renewal call on Monday")),
    "dismissed": card(
        case(CaseState.DISMISSED, verdict=Verdict.FALSE_ALARM, close_reason="seasonal: they pause in autumn")
    ),
    "closed": card(case(CaseState.CLOSED, by="lookout", close_reason="usage came back")),
    "follow_up_due": replace(sent_with(), follow_up=follow_up()),
    "follow_up_dropped": replace(
        sent_with(), follow_up=follow_up(state=FollowUpState.CANCELLED, reason="Acme Corp has an open support ticket.")
    ),
    "follow_up_proposed": card(
        case(),
        outreach=mail(OutreachState.SENT, sent_at=NOW - timedelta(days=7)),
        draft=replace(DRAFT, version=2, play="follow_up", subject="Re: Your Monday report, without the work"),
        follow_up=follow_up(
            state=FollowUpState.PROPOSED,
            reason="Acme Corp is a high-value or complex account: a person decides and sends.",
        ),
    ),
    "leaves_by_itself": card(
        case(CaseState.APPROVED, by="lookout"),
        outreach=mail(
            OutreachState.APPROVED,
            approved_by="lookout",
            kind=OutreachKind.AUTOMATIC,
            not_before=NOW + timedelta(hours=2),
        ),
    ),
    "recovered_while_open": card(outreach=mail(OutreachState.SENT, sent_at=NOW - timedelta(days=30))),
}

HEALTH_BRIEF = HealthBrief(
    account=ACME,
    health=HEALTH,
    signals=SIGNALS,
    compared_on=date(2026, 10, 23),
    trend=tuple((DAY - timedelta(days=89 - n), 71.0 - n * 0.411) for n in range(90)),
    bars=(
        Bar("activity", -14.2),
        Bar("engagement", -9.4),
        Bar("milestones", 2.0),
        Bar("recency", -2.6, kind="missing data"),
    ),
    facts=FACTS,
    csm=DANA,
    last_contact="mail to kim@acme.test on 3 Nov 2026",
    case=CASE,
    next_step="A draft waits for your decision on its card.",
    data_until=NOW - timedelta(hours=3),
    now=NOW,
)
LINES = (
    Line("acme", "Acme Corp", FACTS[0].text, 34.4, 51.2, "Critical", 48_000, "acme.test", "Dana Reyes", "case-1"),
    Line("bolt", "Bolt GmbH", "At Risk", 55.0, 55.0, "At Risk", 9_000, "bolt.test"),
    Line("cera", "Cera Ltd", "snoozed until 24 Nov: renewal call", 61.0, None, "Monitor", None, "cera.test"),
)
CHOICE = Choice(
    "acm",
    (
        Line("acme", "Acme Corp", "acme.test", domain="acme.test", owner="Dana Reyes"),
        Line("acme2", "Ácme", "acme2.test", domain="acme2.test", owner="nobody"),
    ),
    exact=True,
)
DIGEST = DigestBrief(
    DAY,
    DANA,
    (
        Section("Decide now", LINES[:1]),
        Section("Waiting", LINES[2:]),
        Section("Changed since last week", LINES[1:2], 7),
    ),
    ("All sending is paused.",),
    healthy=41,
    total=60,
)
HOME = HomeBrief(DANA, LINES[:1], LINES, page=2, pages=3, paused=False, notes=(), now=NOW)
AWAY = AwayBrief("away-1", DANA, OMAR, date(2026, 11, 20), date(2026, 12, 4), now=True, mine=True, may_change=True)
AWAY_HOME = replace(
    HOME,
    may_plan=True,
    away=(
        AWAY,
        replace(AWAY, id="away-2", first=date(2026, 12, 28), last=date(2027, 1, 8), now=False),
        replace(AWAY, id="away-3", who=OMAR, cover=DANA, mine=False, covering=True, may_change=False, by_status=True),
    ),
)
AWAY_FORM = AwayForm("", DANA, None, DAY, DAY, others=True)
