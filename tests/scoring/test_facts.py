"""What may be said about an account: to our own people, and to a draft (R45, R48)."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from scoring.casework import Fact, TriggerKind
from scoring.facts import draft_facts, explain
from scoring.model import Basis
from tests.builders import TODAY, a_contact, a_milestone, a_snapshot, a_trigger, an_account

DAY = timedelta(days=1)


def test_a_draft_knows_the_person_the_feature_the_steps_the_goal_and_the_seats() -> None:
    milestones = [
        a_milestone(name="first report", done_on=TODAY - 40 * DAY),
        a_milestone(name="invite the team", done_on=TODAY - 20 * DAY),
        a_milestone(name="connect billing", due_on=TODAY + 5 * DAY),
        a_milestone("other", "secret project", done_on=TODAY),
    ]
    facts = draft_facts(
        an_account(goal="close the books in two days"),
        a_contact(),
        a_snapshot(last_feature="report_builder"),
        triggers=[a_trigger(TriggerKind.STUCK, detail="connect billing")],
        milestones=milestones,
    )

    assert {fact.id: fact.value for fact in facts if not fact.id.startswith("internal.")} == {
        "contact.first_name": "Kim",
        "account.name": "Acme",
        "feature.last": "report_builder",
        "step.stuck": "connect billing",
        "milestone.last": "invite the team",
        "milestone.next": "connect billing",
        "goal": "close the books in two days",
        "seats": "20",
    }


def test_score_money_and_silence_are_for_our_own_people() -> None:
    why = (Fact("internal.why.silent", "Nobody has used it for 14 days, since 6 Nov."),)
    facts = draft_facts(
        an_account(), a_contact(), a_snapshot(score=39.9), triggers=[a_trigger(TriggerKind.INACTIVITY, why=why)]
    )
    internal = {fact.id: fact.text for fact in facts if fact.id.startswith("internal.")}

    assert internal["internal.score"] == "Health 39 (Critical)."
    assert internal["internal.arr"] == "Annual value: USD 48,000 a year."
    assert "internal.why.silent" in internal
    for fact in facts:
        if not fact.id.startswith("internal."):
            assert not any(word in fact.text for word in ("39", "Critical", "48,000", "14 days"))


def test_ids_are_unique_and_nothing_is_empty() -> None:
    facts = draft_facts(an_account(), a_contact(), a_snapshot(), triggers=[a_trigger(), a_trigger()])

    assert len({fact.id for fact in facts}) == len(facts)
    assert all(fact.text for fact in facts)


def test_an_account_without_a_score_still_has_its_names() -> None:
    facts = draft_facts(an_account(seats=None), a_contact(), None)

    assert [fact.id for fact in facts] == ["contact.first_name", "account.name"]


def test_health_is_explained_against_the_accounts_own_past() -> None:
    now = a_snapshot(
        last_active_on=TODAY - 3 * DAY,
        last_feature="export",
        usage_ratio=Fraction(58, 100),
        usage_basis=Basis.OWN_HISTORY,
        user_days_14=12,
        active_users_14=4,
        active_users_28=6,
        active_users_90=9,
        milestones_due=3,
        milestones_done=2,
        overdue=("invite the team",),
        coverage=0.8,
    )
    texts = [fact.text for fact in explain(an_account(renewal_on=TODAY + 50 * DAY), now)]

    assert texts == [
        "Last used 17 Nov (3 days before), export.",
        "Use in the last 14 days: 12 person-days, 58 % of their own 90 days.",
        "Active people: 4 in 14 days, 6 in 28, 9 in 90; they have 20 seats.",
        "Milestones done: 2 of 3 due. Overdue: invite the team.",
        "Renewal on 9 Jan 2027.",
        "Features used: 0 in 28 days, 0 in 90.",
        "Only 80 % of the signals could be read.",
    ]
