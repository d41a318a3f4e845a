"""The texts a team may edit: what they may change, and what is refused with file and field (R43)."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompts import phrases, tips
from prompts.library import OURS, Library
from scoring.casework import TriggerKind
from scoring.errors import InvalidInput
from scoring.model import Band
from scoring.playbook import Action


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_play_of_the_playbook_has_a_template(library):
    named = {*library.playbook.plays.values(), *library.playbook.severity_plays.values()}

    assert set(library.playbook.plays) == set(TriggerKind)
    assert named <= set(library.templates)


def test_our_playbook_is_the_table_of_the_rules(library):
    rows = library.playbook.rows

    assert {name: (row.standard, row.valued) for name, row in rows.items()} == {
        "Healthy": (Action.MONTHLY_LIST, Action.MONTHLY_LIST),
        "Monitor": (Action.AUTO_MAIL, Action.DRAFT_CARD),
        "At Risk": (Action.DRAFT_CARD, Action.DRAFT_CARD),
        "Severe": (Action.DRAFT_CARD, Action.DRAFT_CARD),
        "Critical": (Action.DRAFT_CARD, Action.DRAFT_CARD),
        "Churning": (Action.EXEC_ROUTE, Action.EXEC_ROUTE),
    }
    assert (rows["Monitor"].due_hours, rows["At Risk"].due_hours, rows["At Risk"].reminder_hours) == (72, 24, 12)
    assert (rows["Critical"].due_hours, rows["Churning"].due_same_day) == (0, True)
    assert library.playbook.play(Band.CRITICAL, ()) == "critical"


def test_a_teams_template_stands_in_for_ours_and_the_others_stay(tmp_path, library):
    ours = (OURS / "templates" / "stuck.md").read_text(encoding="utf-8")
    write(tmp_path, "stuck.md", ours.replace("version: 1", "version: team-7").replace("Kind regards", "Cheers"))

    mixed = Library.load(tmp_path)

    assert mixed.template("stuck").prompt_version == "stuck@team-7"
    assert mixed.template("critical") == library.template("critical")


def test_a_teams_tips_and_phrases_are_added_to_ours(tmp_path):
    write(tmp_path, "tips.toml", '[board]\ntip = "Keep {feature} short."\nname = "Planning board"\n')
    write(tmp_path, "phrases.toml", '[marketing]\nphrases = ["rock* star"]\n')

    mixed = Library.load(tmp_path)

    assert mixed.tips.find("board_opened").fill("Planning board") == "Keep Planning board short."
    assert mixed.tips.find("weekly_reports").text.startswith("Name the report")
    assert [found.text for found in mixed.phrases.findings("You are a rock star.")] == [
        "“rock star” sounds like marketing"
    ]
    assert mixed.phrases.findings("You get a discount.")


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("stuck.md", "hello", "stuck.md: the file must begin with a block"),
        ("other.md", "---\nname: stuck\n---\n", "other.md: the field 'version' is missing"),
        ("tips.toml", "[a]\ntipp = 'x'", "[a] 'tipp' is no field"),
        ("tips.toml", "a = 1", "'a' must be a section"),
        ("tips.toml", "[a]\ntip = '" + "x " * 40 + "'", "[a] `tip` is longer than 26 words"),
        ("phrases.toml", "[praise]\nphrases = ['x']", "[praise] is no section"),
        ("phrases.toml", "[absence]\nphrases = 'x'", "[absence] needs `phrases`, a list of texts"),
        ("phrases.toml", "[absence]\nphrases = ['(a']", "[absence] has a phrase that cannot be read"),
        ("phrases.toml", "[absence", "this is no TOML"),
        ("playbook.toml", "x = 1", "playbook.toml: The playbook has no table [rows]"),
        ("playbook.toml", "[rows", "playbook.toml: this is no TOML"),
    ],
)
def test_a_faulty_file_of_the_team_is_refused_with_its_name_and_field(tmp_path, name, text, complaint):
    with pytest.raises(InvalidInput) as refused:
        Library.load(write(tmp_path, name, text))

    assert complaint in str(refused.value)
    assert name in str(refused.value)


def test_a_template_must_be_named_as_its_file(tmp_path):
    ours = (OURS / "templates" / "stuck.md").read_text(encoding="utf-8")

    with pytest.raises(InvalidInput, match=r"steps\.md: the field 'name' is 'stuck'"):
        Library.load(write(tmp_path, "steps.md", ours))


def test_a_folder_that_is_not_there_or_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"does not exist. Correct LOOKOUT_TEMPLATES"):
        Library.load(tmp_path / "nowhere")
    (tmp_path / "stuck.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match=r"stuck\.md: this file cannot be read"):
        Library.load(tmp_path)


def test_a_playbook_that_would_mail_an_account_at_risk_by_itself_is_refused(tmp_path):
    ours = (OURS / "playbook.toml").read_text(encoding="utf-8")
    head, _, rest = ours.partition('[rows."At Risk"]\nstandard = "draft card"')
    write(tmp_path, "playbook.toml", f'{head}[rows."At Risk"]\nstandard = "automatic mail"{rest}')

    with pytest.raises(InvalidInput, match="always need a human"):
        Library.load(tmp_path)


@pytest.mark.parametrize(
    ("phrase", "text", "hit"),
    [
        ("discount*", "Two DISCOUNTED seats.", "discounted"),
        ("haven't * seen", "We haven’t really ever seen it.", "haven't really ever seen"),
        ("haven't * seen", "We haven't one two three four seen.", ""),
        ("at risk", "at-risk", "at risk"),
        ("at risk", "look at. Risk is", ""),
        ("(just|) checking in", "Checking in.", "checking in"),
        ("rabatt*", "Râbatt", "rabatt"),
        ("(a|b (c|d)) e", "b d e", "b d e"),
    ],
)
def test_a_phrase_is_plain_words_with_a_few_signs(phrase, text, hit):
    lists = phrases.parse(f'[x]\nrule = "R46"\nsays = "is x"\nphrases = ["{phrase}"]', "x.toml")

    assert [found.text for found in lists.findings(text)] == ([f"“{hit}” is x"] if hit else [])


def test_a_features_own_name_is_no_marketing_but_a_promise_stays_one(library):
    assert library.phrases.findings("Open the Newsletter editor.", names=["Newsletter editor"]) == ()
    assert library.phrases.findings("Open the premium board.", names=["premium board"]) == ()
    assert library.phrases.findings("Open the discount board.", names=["discount board"])


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ("report_builder", "report builder"),
        ("ReportBuilder_opened", "report builder"),
        ("Report Exported", "report exported"),
        ("SSO setup", "SSO setup"),
        ("app.reports-list:viewed", "app reports list"),
        ("Logged In", ""),
        ("page", ""),
        ("", ""),
    ],
)
def test_an_events_name_becomes_words(event, shown):
    assert tips.readable(event) == shown
