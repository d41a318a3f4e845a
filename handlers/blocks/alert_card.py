"""The alert card: what happens at an account, why now, what is at stake, the draft, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.blocks import colleagues, follow_up
from handlers.blocks.card_state import OURSELVES, Stage, Telling, stage
from handlers.blocks.elements import (
    BLANK,
    HEADER_LIMIT,
    Json,
    actions,
    button,
    confirm,
    context,
    header,
    message,
    option,
    overflow,
    section,
    small,
    spoken,
    when,
)
from handlers.blocks.literal import cut, named, unescape
from handlers.blocks.rich import bullets, paragraph, person, quote, rich, slack_id, words
from handlers.blocks.wording import MARKS, age, away, confidence, day_text, money_band, reason
from handlers.ids import Action, More, Ref
from scoring.briefs import CardBrief
from scoring.casework import Draft
from scoring.model import Person
from scoring.wording import shown

PREVIEW_LINES = 6
PREVIEW_LIMIT = 700
UNDRAWABLE = "Slack could not show the usual layout of this card."
CHECK_IT = "check it before you send"
SANDBOX = "SANDBOX: every mail is kept in a folder and reaches nobody."
FRESH = timedelta(days=1)
MAILED = frozenset({Stage.WAITING, Stage.SENDING, Stage.UNCERTAIN, Stage.SENT})
LIVE = frozenset({Stage.WRITING, Stage.READY, Stage.WAITING, Stage.SENDING, Stage.UNCERTAIN, Stage.SNOOZED})


def alert_card(brief: CardBrief, *, mention: str = "") -> Json:
    """The message of a case in its present state (UX 1-18); `mention` is the Slack id of who must act next."""
    return message(card_blocks(brief, mention=mention))


def card_blocks(brief: CardBrief, *, mention: str = "") -> list[Json]:
    """At most eight blocks: heading, status, why now, draft, buttons, small print."""
    now = stage(brief)
    drawn = [header(title(brief)), _banner(brief), _status(brief, mention)]
    if now in LIVE:
        drawn.append(_why(brief))
    if brief.draft is not None and (now is Stage.READY or (now in MAILED and _approved_text(brief, brief.draft))):
        drawn.append(_draft(brief, brief.draft, heading="Draft" if now is Stage.READY else "Mail"))
    drawn += [_buttons(brief), context(*_small_print(brief))]
    return [block for block in drawn if block is not None]


def plain_card(brief: CardBrief, *, mention: str = "") -> Json:
    """The same card in the oldest layout, for a Slack that refuses the usual one (B7)."""
    told = card_blocks(brief, mention=mention)
    rows = [block for block in told if block["type"] == "actions"]
    text = spoken(told)
    return {"text": text, "blocks": [section(unescape(text)), *rows, context(small(UNDRAWABLE))]}


def title(brief: CardBrief) -> str:
    """Account, severity in words and the one reason; severity is word, shape and colour (UX 1, 13).

    A case that ended says how, in the colour of the account's health today.
    """
    case = brief.case
    if stage(brief) is Stage.CLOSED:
        ended = case.close_reason or "closed"
        text = f"{named(brief.account.name, 60)}: {ended}, was {case.severity.value}"
        return f"{cut(text, HEADER_LIMIT - 4)} {MARKS[brief.health.band]}"
    urgent = ", high priority" if case.high_priority and stage(brief) in LIVE else ""
    told = brief.told
    why = reason(case, told.health, told.signals) if told else reason(case, brief.health, brief.signals)
    if told and brief.health.day - told.health.day > FRESH:
        why += f", {day_text(told.health.day, brief.health.day)}"
    text = f"{named(brief.account.name, 60)}: {case.severity.value}{urgent} – {why}"
    return f"{cut(text, HEADER_LIMIT - 4)} {MARKS[case.severity]}"


def _banner(brief: CardBrief) -> Json | None:
    """Nobody may take an exercise for a mail that left (D15)."""
    return context(small(SANDBOX)) if brief.sandbox else None


def _status(brief: CardBrief, mention: str) -> Json | None:
    now, mail = stage(brief), brief.outreach
    by_itself = mail is not None and now is Stage.WAITING and follow_up.alone(mail)
    said = follow_up.leaving(brief, mail) if mail and by_itself else Telling(brief).status()
    said += follow_up.told(brief, now)
    asked = slack_id(mention) or _asked(brief)
    if asked:
        said = [person(asked), words(": please decide. "), *said]
    return rich(paragraph(*said)) if said else None


def _asked(brief: CardBrief) -> str:
    """The owner, for as long as nobody has done anything; a card that is only brought up to date keeps its question."""
    touched = brief.outreach is not None or (brief.draft is not None and _by_hand(brief, brief.draft))
    untouched = stage(brief) in {Stage.READY, Stage.WRITING} and not touched
    acts = brief.cover or brief.csm
    return slack_id(acts.slack_id) if acts and untouched and brief.case.changed_by in OURSELVES else ""


def _why(brief: CardBrief) -> Json:
    parts = [paragraph(words("At stake: ", bold=True), *_stake(brief))]
    if brief.why:
        parts = [paragraph(words("Why now", bold=True)), bullets([fact.text for fact in brief.why[:3]]), *parts]
    return rich(*parts)


def _stake(brief: CardBrief) -> list[Json]:
    """Money as a band, the renewal, the owner, and until when somebody should act (UX 3)."""
    account, today = brief.account, brief.now.date()
    known = []
    if account.arr is not None and account.arr >= 0:
        known.append(money_band(account.arr, named(account.currency, 8, otherwise="")))
    if account.renewal_on is not None:
        known.append(f"renewal {day_text(account.renewal_on, today)} ({away(account.renewal_on, today)})")
    known.append(f"owner {named(brief.csm.name, otherwise=brief.csm.email)}" if brief.csm else "no owner yet")
    said = [words(" · ".join(known)), *colleagues.covering(brief)]
    return [*said, *_due(brief)] if stage(brief) in {Stage.READY, Stage.WRITING} else said


def _due(brief: CardBrief) -> list[Json]:
    """Until when somebody should act; a time that has passed is said as such."""
    due = brief.case.due_at
    if due is None:
        return []
    if due <= brief.case.opened_at:
        return [words(" · act at once")]
    return [words(" · overdue since " if due < brief.now else " · act by "), when(due)]


def _approved_text(brief: CardBrief, draft: Draft) -> bool:
    """Whether the newest draft is what was approved; beside a mail no other text may stand."""
    return brief.outreach is not None and brief.outreach.content_hash == draft.content_hash


def _draft(brief: CardBrief, draft: Draft, *, heading: str) -> Json:
    """Nobody approves unseen text: to, from, subject and the first lines (UX 5)."""
    heads = (
        ("To: ", f"{named(draft.to_name, otherwise='')} <{draft.to_email}>"),
        ("\nFrom: ", f"{named(draft.from_name, otherwise='')} <{draft.from_email}>"),
        ("\nSubject: ", named(draft.subject, 200, otherwise=BLANK)),
    )
    lines = [part for label, text in heads for part in (words(label, bold=True), words(text))]
    warned = f", {CHECK_IT}" if heading == "Draft" and not _by_hand(brief, draft) else ""
    first = paragraph(words(heading, bold=True), words(f" – {_origin(brief, draft)}{warned}\n"), *lines)
    remarks = [finding.text for finding in draft.findings[:3]] if heading == "Draft" else []
    parts = [first, quote(preview(draft.body))]
    return rich(*parts, bullets(remarks)) if remarks else rich(*parts)


def preview(body: str) -> str:
    """The first six lines that hold words; "…" where there is more (the window shows all)."""
    rows = [row for row in body.split("\n") if row.strip()]
    text = "\n".join(rows[:PREVIEW_LINES])
    return cut(text + (" …" if len(rows) > PREVIEW_LINES else ""), PREVIEW_LIMIT)


def _origin(brief: CardBrief, draft: Draft) -> str:
    """Template, model or person, so that nobody mistakes a machine's words for a colleague's (UX 40)."""
    note = f" ({draft.note.rstrip('.')})" if draft.note else ""
    if draft.origin == "template":
        return f"from a template{note}"
    if not _by_hand(brief, draft):
        return f"written by {named(draft.origin, otherwise='a model')}{note}"
    known = _people(brief).get(draft.origin)
    return f"edited by {named(known.name)}" if known else f"edited by hand, version {draft.version}"


def _by_hand(brief: CardBrief, draft: Draft) -> bool:
    return draft.origin == "person" or slack_id(draft.origin) != "" or draft.origin in _people(brief)


def _people(brief: CardBrief) -> dict[str, Person]:
    return brief.people | ({brief.csm.id: brief.csm} if brief.csm else {})


def _buttons(brief: CardBrief) -> Json | None:
    """Only what applies now (UX 4, 7): one primary button, the seldom ones behind three dots."""
    row = _row(brief, Ref(case=brief.case.id), stage(brief))
    return actions(*row) if row else None


def _row(brief: CardBrief, ref: Ref, now: Stage) -> Sequence[Json]:
    snooze, more = button("Snooze", Action.SNOOZE, ref), _more(ref)
    if now is Stage.READY and brief.draft is not None:
        return _approve(brief.draft), button("Edit", Action.EDIT, ref), snooze, more
    mail = Ref(case=brief.case.id, outreach=brief.outreach.id) if brief.outreach else ref
    rows: dict[Stage, Sequence[Json]] = {
        Stage.WRITING: (snooze, more),
        Stage.WAITING: (*colleagues.confirm_button(brief, mail), follow_up.undo(brief.outreach, mail)),
        Stage.UNCERTAIN: (button("It arrived", Action.ARRIVED, mail), _again(brief, mail)),
        Stage.SNOOZED: (button("Wake now", Action.WAKE, ref), more),
        Stage.SENT: (
            button("View mail", Action.SHOW_MAIL, ref),
            *follow_up.elsewhere(brief, ref),
            *follow_up.stop(brief, ref),
            snooze,
            more,
        ),
    }
    return rows.get(now, ())


def _approve(draft: Draft) -> Json:
    ref = Ref(case=draft.case_id, version=draft.version, fingerprint=draft.content_hash)
    sender = named(draft.from_name, 40, otherwise=draft.from_email)
    asked = (
        f"Send to {draft.to_email} from {sender} ({draft.from_email})?\n“{named(draft.subject, 90, otherwise=BLANK)}”"
    )
    check = confirm("Approve & send", asked, "Send")
    return button("Approve & send", Action.APPROVE, ref, style="primary", confirm=check)


def _again(brief: CardBrief, mail: Ref) -> Json:
    to = brief.outreach.to_email if brief.outreach else ""
    check = confirm("Send again", f"If the first mail did arrive, {to} gets it twice. Send it again?", "Send again")
    return button("Send again", Action.SEND_AGAIN, mail, confirm=check)


def _more(ref: Ref) -> Json:
    assign = option("Assign…", Ref(case=ref.case, do=More.ASSIGN).pack())
    return overflow(Action.MORE, [assign, option("Dismiss…", Ref(case=ref.case, do=More.DISMISS).pack())])


def _small_print(brief: CardBrief) -> list[Json]:
    """Score, age of the data, confidence and what fired, in words (UX 16, G11)."""
    score = f"Score {shown(brief.health.score)}"
    if brief.previous_score is not None:
        score += f", was {shown(brief.previous_score)} a week before"
    fired = ", ".join(dict.fromkeys(trigger.kind.value for trigger in brief.case.triggers if trigger.rule))
    told = [
        confidence(brief.health),
        f"triggers: {fired}" if fired else "",
        brief.crm,
        "demo data" if brief.demo else "",
    ]
    return [small(score), age(brief.data_until, brief.now), *(small(text) for text in told if text)]
