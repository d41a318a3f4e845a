"""The people, the account and the facts that the drafts of these tests are about."""

from __future__ import annotations

from datetime import UTC, datetime

from scoring.casework import Fact
from scoring.model import Account, Person, Role

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LINKS = {"report_builder": "https://help.orbit.example/reports", "default": "https://help.orbit.example/start?v=2"}

ACME = Account(id="a-17", name="Acme Robotics", domain="acme.example", seats=25, arr=48_000, tier="gold")
DANA = Person("p-1", Role.CONTACT, name="Dana Whitfield", email="dana.whitfield@acme.example", account_id="a-17")
ANA = Person("c-1", Role.CSM, name="Ana Ruiz", email="ana.ruiz@orbit.example")

FEATURE = Fact("feature.last", "The feature they used last is report_builder.", "report_builder")
STEP = Fact("step.stuck", "The step they have started and not finished is first_shared_report.", "first_shared_report")
DONE = Fact("milestone.last", "They finished onboarding on 3 Sep 2026.", "onboarding")
SEATS = Fact("seats", "They have 25 seats.", "25")
GOAL = Fact("goal", "The goal they named is: cut the month-end close to 3 days.", "cut the month-end close to 3 days")
INTERNAL = (
    Fact("internal.score", "Health 38 (Critical)."),
    Fact("internal.arr", "Annual value: USD 48,000 a year."),
    Fact("internal.usage", "Use in the last 14 days: 31 person-days, 58 % of their own history."),
    Fact("internal.last_active", "Last used 5 Nov (16 days before), report_builder."),
)
FACTS = (FEATURE, STEP, DONE, SEATS, GOAL, *INTERNAL)

GOOD_SUBJECT = "A shorter close with your report builder"
GOOD_BODY = """Your goal is to cut the month-end close to 3 days, and the report builder is a good place to win
the first hours.

Name the report you use most after the question it answers, and keep it apart from all the others. Whoever opens it
next knows at once what it is for, and nobody has to rebuild it at the end of the month. Once that works, the same
pattern carries over to the rest of the close, piece by piece, without a large project.

Would it help if I went through the first report with you on a short call?"""
GOOD_FACTS = ["goal", "feature.last"]
