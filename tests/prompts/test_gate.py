"""The gate on whole drafts: what is good passes, what is hostile does not (R45-R49)."""

from __future__ import annotations

import pytest

from prompts.checks import check
from prompts.facts import gather
from prompts.frame import Frame
from prompts.library import Library
from scoring.casework import Fact, Finding
from scoring.model import Account, Person, Role
from tests.own_time import own_seconds
from tests.prompts import attacks, good_drafts
from tests.prompts.people import ACME, ANA, DANA, FACTS, GOOD_BODY, GOOD_SUBJECT, LINKS

JOSE = Person("p-2", Role.CONTACT, name="José Álvarez-Núñez")
MAYA = Person("c-2", Role.CSM, name="Maya O'Connor")
BLUE = Account(id="a-2", name="Blue Harbor Ltd", seats=12, goal="send 4 campaigns per quarter")
CAMPAIGN_FACTS = (
    Fact("feature.last", "The feature they used last is Campaign editor.", "Campaign editor"),
    Fact("milestone.last", "They finished First import on 14 Oct 2026.", "First import"),
    Fact("milestone.next", "Their next step is Audience setup.", "Audience setup"),
    Fact("seats", "They have 12 seats.", "12"),
)
SAM = Person("p-3", Role.CONTACT, name="Sam Okafor")
FERN = Account(id="a-3", name="Fernwood Clinics", seats=40)
SHIFT_FACTS = (
    Fact("feature.last", "The feature they used last is shift_planner.", "shift_planner"),
    Fact("milestone.next", "Their next step is connect_payroll.", "connect_payroll"),
    Fact("seats", "They have 40 seats.", "40"),
    Fact("note", "A tip that may be passed on: Copy last week's plan and change only what differs."),
)
Case = tuple[Account, Person, Person, tuple[Fact, ...]]
ABOUT_CLOSE: Case = (ACME, DANA, ANA, FACTS)
ABOUT_CAMPAIGNS: Case = (BLUE, JOSE, MAYA, CAMPAIGN_FACTS)
ABOUT_SHIFTS: Case = (FERN, SAM, ANA, SHIFT_FACTS)


def gate(library: Library, case: Case, subject: str, middle: str) -> tuple[Finding, ...]:
    account, contact, csm, facts = case
    links = LINKS
    material = gather(library, facts, account=account, contact=contact, csm=csm, product="Orbit", links=links)
    template = library.template("low_score")
    body = Frame.of(template.fill(material.values).body, material.values.get("link", "")).around(middle)
    return check(
        subject,
        body,
        library=library,
        facts=material.facts,
        account=account,
        contact=contact,
        csm=csm,
        links=links.values(),
        features=material.features,
    )


GOOD = [
    *((ABOUT_CLOSE, *one) for one in good_drafts.mixed()),
    *((ABOUT_CLOSE, *one) for one in good_drafts.whole("close")),
    *((ABOUT_CAMPAIGNS, *one) for one in good_drafts.whole("campaigns")),
    *((ABOUT_SHIFTS, *one) for one in good_drafts.whole("shifts")),
]


@pytest.mark.slow
def test_at_most_one_good_draft_in_twenty_is_blocked(library):
    blocked = [(subject, found) for case, subject, body in GOOD if (found := gate(library, case, subject, body))]

    assert len(GOOD) >= 100
    assert len(blocked) <= len(GOOD) * 0.05, blocked


@pytest.mark.slow
def test_no_hostile_draft_passes(library):
    hostile = list(attacks.drafts())

    passed = [(kind, subject, body) for kind, subject, body in hostile if not gate(library, ABOUT_CLOSE, subject, body)]

    assert len(hostile) >= 200
    assert passed == []


def test_the_draft_that_the_attacks_are_built_on_is_itself_clean(library):
    assert gate(library, ABOUT_CLOSE, GOOD_SUBJECT, GOOD_BODY) == ()


@pytest.mark.parametrize(
    ("sentence", "rule", "text"),
    [
        ("That saves 37 % of it.", "R48", "“37 %” is a number that is not in the facts"),
        ("Globex does it.", "R48", "“Globex” is a name that is not in the facts"),
        ("See evil.com for it.", "R48", "“evil.com” is a link or address that is not on the list"),
        ("You get a discount.", "R48", "“discount” makes a promise or an offer"),
        ("Just checking in.", "R46", "“checking in” opens with a pretext"),
        ("We miss you.", "R46", "“we miss you” talks about absence"),
        ("Your churn is a matter.", "R48", "“churn” uses an internal word"),
        ("Try the audit log.", "R48", "“audit log” is a product term that is not in the facts"),
        ("You did it yesterday.", "R48", "“yesterday” is a date that is not in the facts"),
        ("What do you think?", "R47", "the text asks for 2 things; one is right"),
    ],
)
def test_each_finding_says_in_words_what_is_wrong(library, sentence, rule, text):
    first, middle, ask = GOOD_BODY.split("\n\n")

    found = gate(library, ABOUT_CLOSE, GOOD_SUBJECT, "\n\n".join((first, f"{middle} {sentence}", ask)))

    assert Finding(rule, text) in found


def test_a_number_of_the_facts_may_not_change_what_it_counts(library):
    first, middle, ask = GOOD_BODY.split("\n\n")
    for sentence, fine in (
        ("You have 25 seats.", True),
        ("You have twenty-five seats.", True),
        ("You save 25 %.", False),
        ("You wait 25 days.", False),
        ("A close of 3 days is fine.", True),
        ("A three-day close is fine.", True),
        ("A close of 3 hours is fine.", False),
        ("You finished it on 3 September.", True),
        ("You finished it on September 3rd, 2026.", True),
        ("You finished it on 3 October.", False),
        ("You finished it in September 2025.", False),
    ):
        found = gate(library, ABOUT_CLOSE, GOOD_SUBJECT, "\n\n".join((first, f"{middle} {sentence}", ask)))
        assert (found == ()) is fine, (sentence, found)


def test_a_customer_whose_name_is_markup_or_a_link_is_never_named(library):
    evil = Account(id="a-9", name="<!channel> *Acme* <https://evil.example|x>")
    material = gather(library, FACTS, account=evil, contact=DANA, csm=ANA, product="Orbit", links=LINKS)

    assert "account.name" not in material.ids
    assert "evil" not in "".join(fact.text for fact in material.facts)


@pytest.mark.parametrize(
    "piece", ["a", "a ", "a.", "1 ", "1,", "two ", "(", "[", "“", "\n", "- ", "A ", "@", "http:", "may ", "? "]
)
def test_a_text_made_to_be_slow_is_still_read_in_a_blink(library, piece):
    text = piece * (8_000 // len(piece))
    began = own_seconds()

    assert gate(library, ABOUT_CLOSE, text[:400], text)

    assert own_seconds() - began < 2.0
