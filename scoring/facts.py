"""What may be said about one account: sentences for our own people, and facts that a draft may build on (R45, R48).

A fact is about one account only. Ids that begin with `internal.` (score, band, money, silence) are shown to our own
people and reach no model and no customer. The other ids, with the bare `value` a template may place:

`contact.first_name`, `account.name`, `feature.last`, `step.stuck`, `milestone.last`, `milestone.next`, `goal`, `seats`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scoring import wording
from scoring.casework import Fact, Trigger, TriggerKind
from scoring.model import Account, Milestone, Person, Signals, Snapshot
from scoring.rules import COMPARED

SCORE = "Health {score} ({band})."
COVERAGE = "Only {share} % of the signals could be read."
MONEY = "Annual value: {money}."
RENEWAL = "Renewal on {day}."
LAST_ACTIVE = "Last used {day} ({ago}), {feature}."
NEVER_ACTIVE = "No meaningful use has been seen yet."
TODAY = "on the last day scored"
USAGE = "Use in the last 14 days: {now}, {level} % of {compared}."
PEOPLE = "Active people: {now} in 14 days, {month} in 28, {before} in 90{seats}."
SEATS = "; they have {seats} seats"
FEATURES = "Features used: {month} in 28 days, {before} in 90."
MILESTONES = "Milestones done: {done} of {due} due."
OVERDUE = "Overdue: {names}."

FIRST_NAME = "The contact's first name is {value}."
ACCOUNT_NAME = "The company is {value}."
LAST_FEATURE = "The feature they used last is {value}."
STUCK_STEP = "The step they have started and not finished is {value}."
DONE = "They finished {value} on {day}."
NEXT = "Their next step is {value}."
GOAL = "The goal they named is: {value}."
SEAT_COUNT = "They have {value} seats."


def explain(account: Account, now: Snapshot) -> tuple[Fact, ...]:
    """What stands behind a score, in plain sentences for our own people, against the account's own past (R4)."""
    signals = now.signals
    facts = [
        _internal("last_active", _last_active(signals)),
        _internal("usage", _usage(signals)),
        _internal("people", _people(signals)),
        _internal("milestones", _milestones(signals)),
        _internal("renewal", RENEWAL.format(day=wording.full_day(account.renewal_on)) if account.renewal_on else ""),
        _internal("features", FEATURES.format(month=signals.features_28, before=signals.features_90)),
        _internal("coverage", _coverage(now)),
    ]
    return tuple(fact for fact in facts if fact.text)


def draft_facts(
    account: Account,
    contact: Person,
    snapshot: Snapshot | None,
    *,
    triggers: Sequence[Trigger] = (),
    milestones: Sequence[Milestone] = (),
) -> tuple[Fact, ...]:
    """Everything known about one account that a draft may be built on, then what only our own people may see (R45).

    An account without a snapshot has no facts about its use.
    """
    feature = snapshot.signals.last_feature if snapshot else ""
    facts = [
        _plain("contact.first_name", FIRST_NAME, contact.first_name),
        _plain("account.name", ACCOUNT_NAME, account.name),
        _plain("feature.last", LAST_FEATURE, feature),
        _plain("step.stuck", STUCK_STEP, _stuck_step(triggers)),
        *_milestone_facts([m for m in milestones if m.account_id == account.id]),
        _plain("goal", GOAL, account.goal),
        _plain("seats", SEAT_COUNT, str(account.seats) if account.seats else ""),
    ]
    internal = _internal_facts(account, snapshot, triggers) if snapshot else ()
    return (*(fact for fact in facts if fact.value), *internal)


def _internal_facts(account: Account, snapshot: Snapshot, triggers: Sequence[Trigger]) -> tuple[Fact, ...]:
    health = snapshot.health
    facts = [
        _internal("score", SCORE.format(score=wording.score(health.score), band=health.band)),
        _internal("arr", MONEY.format(money=money) if (money := wording.money(account.arr, account.currency)) else ""),
    ]
    # Why we alert is never for the customer, whatever a rule named its sentence.
    why = [_internal(fact.id.removeprefix("internal."), fact.text) for trigger in triggers for fact in trigger.why]
    return tuple({fact.id: fact for fact in [*facts, *explain(account, snapshot), *why] if fact.text}.values())


def _milestone_facts(milestones: Sequence[Milestone]) -> list[Fact]:
    """The newest milestone that was reached, and the next one by its due day."""
    done = sorted((m for m in milestones if m.done_on), key=lambda m: (m.done_on, m.name))
    due = sorted((m for m in milestones if m.due_on and not m.done_on), key=lambda m: (m.due_on, m.name))
    facts = []
    if done and done[-1].done_on:
        text = DONE.format(value=done[-1].name, day=wording.full_day(done[-1].done_on))
        facts.append(Fact("milestone.last", text, done[-1].name))
    if due:
        facts.append(_plain("milestone.next", NEXT, due[0].name))
    return facts


def _stuck_step(triggers: Sequence[Trigger]) -> str:
    return next((t.detail for t in triggers if t.kind is TriggerKind.STUCK), "")


def _plain(name: str, text: str, value: str) -> Fact:
    return Fact(name, text.format(value=value), value)


def _internal(name: str, text: str) -> Fact:
    return Fact(f"internal.{name}", text)


def _last_active(signals: Signals) -> str:
    days = signals.days_silent
    if days is None or signals.last_active_on is None:
        return NEVER_ACTIVE
    ago = f"{wording.count(days, 'day')} before" if days else TODAY
    feature = signals.last_feature or "feature not recorded"
    return LAST_ACTIVE.format(day=wording.day(signals.last_active_on), ago=ago, feature=feature)


def _usage(signals: Signals) -> str:
    if signals.usage_ratio is None:
        return ""
    now = wording.count(signals.user_days_14, "person-day")
    level = 100 - wording.below(signals.usage_ratio) if signals.usage_ratio < 1 else int(signals.usage_ratio * 100)
    return USAGE.format(now=now, level=level, compared=COMPARED[signals.usage_basis])


def _people(signals: Signals) -> str:
    return PEOPLE.format(
        now=signals.active_users_14,
        month=signals.active_users_28,
        before=signals.active_users_90,
        seats=SEATS.format(seats=signals.seats) if signals.seats else "",
    )


def _milestones(signals: Signals) -> str:
    if not signals.milestones_due:
        return ""
    text = MILESTONES.format(done=signals.milestones_done, due=signals.milestones_due)
    return f"{text} {OVERDUE.format(names=wording.listed(list(signals.overdue)))}" if signals.overdue else text


def _coverage(now: Snapshot) -> str:
    share = int(now.health.coverage * 100 + 1e-9)
    return COVERAGE.format(share=share) if share < 100 else ""  # noqa: PLR2004 - per cent
