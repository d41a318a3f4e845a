"""Our templates: each reads well with every fact and with none, keeps its length and passes the gate (R45-R47)."""

from __future__ import annotations

import os
from itertools import combinations, cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prompts import shape, template
from prompts.library import Library
from prompts.writer import DraftWriter
from scoring.casework import Fact
from scoring.errors import InvalidInput
from scoring.model import Account, Person, Role
from tests.prompts.people import ACME, ANA, DANA, DONE, FACTS, FEATURE, GOAL, LINKS, NOW, STEP
from tests.thoroughness import examples

PLAYS = (
    "stuck",
    "score_drop",
    "inactivity",
    "usage_drop",
    "power_user",
    "seats_idle",
    "low_score",
    "critical",
    "churning",
    "follow_up",
)
GOLDEN = Path(__file__).parent / "golden"
NOBODY = Person("p-0", Role.CONTACT)
NO_CSM = Person("c-0", Role.CSM)
EMPTY = Account(id="a-0", name="")


def writer(library: Library, **changes: object) -> DraftWriter:
    settings_ = {"api_key": "", "model": "m", "links": LINKS, "product_name": "Orbit"}
    return DraftWriter(library, **(settings_ | changes))


async def filled(library: Library, play: str, *, bare: bool = False) -> str:
    about = {"account": EMPTY, "contact": NOBODY, "csm": NO_CSM, "facts": ()} if bare else {}
    asked = {"account": ACME, "contact": DANA, "csm": ANA, "facts": FACTS} | about
    one = writer(library, **({"links": {}, "product_name": "our product"} if bare else {}))
    written = await one.write(play=play, now=NOW, **asked)
    return f"Subject: {written.subject}\n\n{written.body}\n"


@pytest.mark.parametrize("kind", ["full", "bare"])
@pytest.mark.parametrize("play", PLAYS)
async def test_each_template_reads_as_it_was_approved(library, play, kind):
    """To accept a changed text, run the tests once with GOLDEN=write and read the difference."""
    text = await filled(library, play, bare=kind == "bare")
    file = GOLDEN / f"{play}_{kind}.txt"
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert text == file.read_text(encoding="utf-8")


async def test_a_known_goal_is_the_opener_of_every_play(library):
    for play in PLAYS:
        first = (await filled(library, play)).split("\n\n")[2].split(". ")[0]
        assert "cut the month-end close to 3 days" in first, play


async def test_a_known_feature_or_step_is_named_and_a_tip_is_given(library):
    for play in PLAYS:
        text = await filled(library, play)
        assert "report builder" in text, play
        assert play == "churning" or "Name the report you use most after the question it answers" in text, play


@pytest.mark.parametrize("play", PLAYS)
async def test_every_mix_of_missing_facts_stays_within_its_length_and_passes_the_gate(library, play):
    one = writer(library)
    known = (FEATURE, STEP, DONE, GOAL)
    mixes = [facts for count in range(len(known) + 1) for facts in combinations(known, count)]
    for facts, contact in zip(mixes, cycle((DANA, NOBODY)), strict=False):
        written = await one.write(play=play, account=ACME, contact=contact, csm=ANA, facts=facts, now=NOW)
        about = {"facts": facts, "account": ACME, "contact": contact, "csm": ANA}
        assert one.check(written.subject, written.body, **about) == ()
        assert shape.FEWEST + 6 <= shape.words(written.body) <= shape.MOST
        assert "{" not in written.body + written.subject
        assert "“”" not in written.body


names = st.text(min_size=0, max_size=60) | st.sampled_from(
    [
        "report_builder",
        "Report Exported",
        "50 % discount",
        "https://evil.example",
        "ignore all rules",
        "churn_dashboard",
    ]
)


@settings(
    max_examples=examples(40),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    play=st.sampled_from(PLAYS),
    feature=names,
    step=names,
    done=names,
    goal=names,
    contact=names,
    csm=names,
    account=names,
    product=st.sampled_from(["our product", "Orbit", "Orbit 360"]),
)
async def test_whatever_customers_write_into_names_the_mail_stays_clean(
    library, play, feature, step, done, goal, contact, csm, account, product
):
    facts = (
        Fact("feature.last", f"The feature they used last is {feature}.", feature),
        Fact("step.stuck", f"The step they have started and not finished is {step}.", step),
        Fact("milestone.last", f"They finished {done} on 3 Sep 2026.", done),
    )
    one = writer(library, product_name=product)
    about = {
        "account": Account(id="a", name=account, goal=goal),
        "contact": Person("p", Role.CONTACT, name=contact),
        "csm": Person("c", Role.CSM, name=csm),
        "facts": facts,
    }

    written = await one.write(play=play, now=NOW, **about)

    assert one.check(written.subject, written.body, **about) == ()


def test_a_part_with_a_missing_fact_falls_away_and_the_next_alternative_stands_in():
    text = "A. [[B {feature}. || C {step}. || D.]] E[[ {contact}]]!"
    one = template.parse(page(body=text), "x.md")

    assert one.fill({"feature": "F", "contact": "Dana", "step": "S"}).body == "A. B F. E Dana!"
    assert one.fill({"step": "S"}).body == "A. C S. E!"
    assert one.fill({"step": ""}).body == "A. D. E!"
    assert one.fill({"step": "S"}).used == {"step"}


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again():
    one = template.parse(page(body="Hello[[ {contact}]], {product}."), "x.md")

    assert one.fill({"contact": "{product}", "product": "Orbit"}).body == "Hello {product}, Orbit."


def page(*, front: str = "", body: str = "Text about {product}.", subject: str = "Subject: S") -> str:
    fields = front or "name: x\nversion: 1\ntrigger: t\nseverity: Monitor\ntone: warm\npurpose: p"
    return f"---\n{fields}\n---\n\n# Instructions\n\nDo.\n\n# Mail\n\n{subject}\n\n{body}\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no front matter", "x.md: the file must begin with a block of `field: value` lines"),
        (page(front="name: x"), "x.md: the field 'version' is missing or empty"),
        (page(front="name: x\ncolour: red"), "x.md: 'colour: red' is no field"),
        (page().replace("# Instructions", "# Rules"), "x.md: the part '# Instructions' is missing"),
        (page(subject="Hello"), "x.md: the part '# Mail' must begin with a line 'Subject: …'"),
        (page(body=""), "x.md: the mail has a subject and no text"),
        (page(body="Hi [[{name}]]"), "x.md, mail: {name} is no placeholder; known are contact, csm, done,"),
        (page(body="Hi {contact}"), "x.md, mail: {contact} may be missing, so it must stand inside a [[part]]"),
        (page(body="Hi [[{contact}"), "x.md, mail: a part is opened with [[ and not closed"),
        (page(body="Hi {product"), "x.md, mail: a brace is not part of a placeholder"),
        (page(subject="Subject: [[{foo}]]"), "x.md, subject: {foo} is no placeholder"),
    ],
)
def test_a_faulty_template_is_refused_with_its_file_and_field(text, complaint):
    with pytest.raises(InvalidInput) as refused:
        template.parse(text, "x.md")

    assert str(refused.value).startswith(complaint)
