"""Whatever a customer, a contact or a model writes is shown as it is written: it pings nobody and breaks no layout."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.demo.block_kit import faults_of, faults_of_view
from handlers.blocks.alert_card import alert_card, plain_card
from handlers.blocks.assign_modal import assign_modal
from handlers.blocks.digest import digest_card
from handlers.blocks.dismiss_modal import dismiss_modal
from handlers.blocks.draft_modal import body_parts, conflict_modal, draft_modal, mail_modal, saved_modal
from handlers.blocks.elements import saying
from handlers.blocks.health import choice_list, health_card, waterfall, worst_list
from handlers.blocks.home import home_view
from handlers.blocks.literal import clean, cut, cut_escaped, escape, named, size, unescape
from handlers.blocks.notice import notice, storm_settled
from handlers.blocks.snooze_modal import snooze_modal
from handlers.blocks.windows import case_modal, health_modal
from handlers.blocks.wording import apportioned, money_band, sparkline
from handlers.ids import Ref
from scoring.briefs import Bar, CardBrief
from scoring.casework import CaseState, OutreachState
from scoring.model import Band
from scoring.wording import shown
from tests.handlers import samples
from tests.handlers.limits import CARD_BLOCKS, message_faults, view_faults
from tests.thoroughness import examples

EVIL = "<!channel> *Acme* <https://evil|x>"
HOSTILE = [
    EVIL,
    "<!here>",
    "<@U123ABC>",
    "<!subteam^S123>",
    "<!date^1^{date}|x>",
    "*bold* _it_ ~no~ `code` > quote",
    "&lt;!channel&gt; &amp;",
    ":skull: acme.io",
    "a\u202egnp.exe",
    "ze\u200bro\ufeff wi\u2060dth\u00ad",
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307algo" * 3,
    "nul\x00 bell\x07 esc\x1b[31m",
    "lone \ud83d surrogate",
    "two\nlines\r\nor\u2028three",
    "שלום Acme",
    "👩‍👩‍👧‍👦" * 60,
    "",
    "   ",
    "\u3164",
    "x" * 300,
    "x" * 149,
    "x" * 151,
    "𝔘" * 200,
    '=HYPERLINK("http://evil")',
    "'; DROP TABLE accounts; --",
]
anything = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=400), st.text(st.characters(), max_size=400))


def poisoned(value: Any, text: str) -> Any:
    """The same brief with `text` in every field that somebody else may have written."""
    if not is_dataclass(value) or isinstance(value, type):
        return value
    ours = {"id", "case_id", "account_id", "draft_id", "csm_id", "slack_id", "timezone", "content_hash", "rule", "kind"}
    changed = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if type(held) is str and field.name not in ours:
            changed[field.name] = text
        elif is_dataclass(held):
            changed[field.name] = poisoned(held, text)
        elif type(held) is tuple:
            changed[field.name] = tuple(poisoned(one, text) for one in held)
        elif type(held) is dict:
            changed[field.name] = {key: poisoned(one, text) for key, one in held.items()}
    return replace(value, **changed)


def pictures(text: str) -> Iterator[dict[str, Any]]:
    """Every picture there is, with this text wherever it can stand."""
    for brief in samples.CARDS.values():
        yield alert_card(poisoned(brief, text), mention="UDANA")
    bad: CardBrief = poisoned(samples.CARDS["open_with_note"], text)
    assert bad.draft is not None
    yield plain_card(bad)
    yield draft_modal(bad, replace(bad.draft, subject=text[:200], body=text * 3))
    yield saved_modal(bad.draft, [text, text])
    yield conflict_modal(bad.draft, text[:100], text, why=text)
    yield mail_modal(bad, bad.draft)
    yield snooze_modal("case-1", text, now=samples.NOW, timezone=text)
    yield dismiss_modal("case-1", text)
    yield assign_modal("case-1", text)
    yield case_modal(bad, notice=text)
    health = poisoned(samples.HEALTH_BRIEF, text)
    yield from (health_card(health), health_card(health, shared_by=text), health_modal(health))
    yield from (choice_list(poisoned(samples.CHOICE, text)), worst_list(poisoned(samples.CHOICE, text).lines))
    yield from (digest_card(poisoned(samples.DIGEST, text)), home_view(poisoned(samples.HOME, text), notice=text))
    yield from (saying(text), notice(text, storm=True), storm_settled(text, samples.NOW, release=False))


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object inside."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else (node if isinstance(node, list) else ()):
        yield from nodes(child)


def markup(built: dict[str, Any]) -> list[str]:
    """The texts that Slack reads as markup: a message's own text and mrkdwn objects."""
    return [built.get("text", ""), *(node["text"] for node in nodes(built) if node.get("type") == "mrkdwn")]


def foreign(text: str) -> str:
    """A marked-up text without the two things that we ourselves put there."""
    import re

    return re.sub(r"<@UDANA>|<!date\^\d+\^\{[^<>]*?\}\|[\w :,]+>", "", text)


@given(text=anything)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[*HealthCheck])
def test_no_text_breaks_a_limit_or_becomes_markup(text: str) -> None:
    for built in pictures(text):
        view = "type" in built
        assert (view_faults(built) if view else message_faults(built)) == []
        assert (faults_of_view(built) if view else faults_of(built["blocks"], "message")) == []
        assert not any(mark in foreign(said) for said in markup(built) for mark in "<>")
        json.dumps(built).encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_breaks_a_limit_or_becomes_markup(text: str) -> None:
    for built in pictures(text):
        assert (view_faults(built) if "type" in built else message_faults(built)) == []
        assert not any(mark in foreign(said) for said in markup(built) for mark in "<>")


def test_a_hostile_name_stands_there_letter_by_letter() -> None:
    brief = replace(samples.card(), account=replace(samples.ACME, name=EVIL))
    built = alert_card(brief)

    assert built["blocks"][0]["text"]["text"].startswith(f"{EVIL}: Critical")
    assert built["blocks"][0]["text"]["type"] == "plain_text"
    assert unescape(built["text"]).startswith(f"{EVIL}: Critical")


def test_only_our_own_words_stand_in_markup() -> None:
    for built in pictures("SOMEBODY"):
        assert not any("SOMEBODY" in node["text"] for node in nodes(built) if node.get("type") == "mrkdwn")


def test_emoji_codes_in_a_name_stay_letters() -> None:
    plain = [node for built in pictures(":skull:") for node in nodes(built) if node.get("type") == "plain_text"]

    assert plain
    assert not any(node.get("emoji") for node in plain)


@given(text=st.text(st.characters(), max_size=300))
def test_cleaning_leaves_nothing_that_acts_on_its_surroundings(text: str) -> None:
    seen = clean(text)

    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in seen)
    assert not set(seen) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200b\u2060\ufeff\n")
    assert seen.count("\u2068") == seen.count("\u2069") <= 1
    assert clean(seen.replace("\u2068", "").replace("\u2069", "")) == seen


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("Acme", "Acme"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("two\nlines", "two lines"),
        ("nul\x00byte", "nul byte"),
        ("  wide   gap ", "wide gap"),
        ("שלום", "\u2068שלום\u2069"),
        ("👩‍👩‍👧‍👦 & Söhne", "👩‍👩‍👧‍👦 & Söhne"),
        ("نمی\u200cخواهم", "\u2068نمی\u200cخواهم\u2069"),
        ("ac\u200dme", "acme"),
        ("e\u0301", "é"),
        ("lone \ud83d", "lone \ufffd"),
    ],
)
def test_ordinary_names_in_any_script_are_kept_and_tricks_are_not(raw: str, seen: str) -> None:
    assert clean(raw) == seen


def test_towers_of_marks_are_taken_down() -> None:
    assert len(clean("Z" + "\u0301" * 50 + "!")) <= 5


@pytest.mark.parametrize("blank", ["", "  ", "\u200b", "\n", "\u3164"])
def test_a_blank_name_has_a_name(blank: str) -> None:
    assert named(blank) == "unnamed account"


@given(text=st.text(max_size=200), limit=st.integers(2, 150))
def test_a_cut_fits_and_ends_between_characters(text: str, limit: int) -> None:
    import regex

    short = cut(text, limit)

    assert size(short) <= limit
    if short != text:
        assert short.endswith("…")
        whole = regex.findall(r"\X", text)
        assert any("".join(whole[:n]).rstrip() == short[:-1] for n in range(len(whole) + 1))


@pytest.mark.parametrize("length", [149, 150, 151])
def test_a_text_is_cut_only_beyond_its_limit(length: int) -> None:
    assert cut("x" * length, 150) == ("x" * length if length <= 150 else "x" * 149 + "…")


def test_a_family_of_emoji_counts_as_slack_may_count_it_and_is_never_torn() -> None:
    family = "👩‍👩‍👧‍👦"

    assert size(family) == 11
    assert cut(family * 3, 25) == family * 2 + "…"


@given(text=st.text(max_size=100), limit=st.integers(2, 90))
def test_an_escaped_text_is_never_cut_inside_an_escape(text: str, limit: int) -> None:
    import re

    short = cut_escaped(escape(text), limit)

    assert size(short) <= limit
    assert not set(re.sub(r"&(?:amp|lt|gt);", "", short.removesuffix("…"))) & set("&<>")


@given(text=st.text(max_size=200))
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescape(escape(text)) == text


@given(body=st.text(max_size=500).map(lambda text: text * 20))
def test_a_body_in_parts_is_the_body(body: str) -> None:
    parts = body_parts(body)

    assert "".join(parts) == body
    assert all(size(part) <= 3000 for part in parts)


scores = st.floats(0, 100, allow_nan=False)


@given(score=scores)
def test_a_shown_score_never_crosses_a_band_edge(score: float) -> None:
    assert Band.of(shown(score)) is Band.of(score)
    assert abs(shown(score) - score) < 1


@pytest.mark.parametrize(
    ("score", "seen"), [(19.8, 19), (20.0, 20), (79.6, 79), (80.0, 80), (64.0, 64), (0.0, 0), (100.0, 100)]
)
def test_scores_are_shown_as_whole_numbers_inside_their_band(score: float, seen: int) -> None:
    assert shown(score) == seen


@given(start=scores, points=st.lists(st.floats(-40, 40, allow_nan=False), min_size=1, max_size=6))
def test_the_waterfall_adds_up_from_the_old_shown_score_to_the_new_one(start: float, points: list[float]) -> None:
    end = start + sum(points)
    steps = waterfall(start, [Bar(f"b{n}", point) for n, point in enumerate(points)], end)

    assert steps[0][1] + sum(point for _, point in steps[1:-1]) == steps[-1][1]
    assert (steps[0][1], steps[-1][1]) == (shown(start), shown(end))
    assert all(abs(shown_points - point) <= 2 for (_, shown_points), point in zip(steps[1:-1], points, strict=True))


@given(parts=st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=1, max_size=8), off=st.integers(-9, 9))
def test_points_are_shared_out_without_a_rest(parts: list[float], off: int) -> None:
    total = round(sum(parts)) + off

    assert sum(apportioned(parts, total)) == total


@given(values=st.lists(scores, max_size=120))
def test_a_trend_is_a_short_line_on_a_fixed_scale(values: list[float]) -> None:
    line = sparkline(values)

    assert len(line) <= 30
    assert set(line) <= set("▁▂▃▄▅▆▇█")
    assert not values or line[-1] == sparkline(values[-1:])


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "under 5 k USD a year"),
        (4_999, "under 5 k USD a year"),
        (5_000, "5 k–10 k USD a year"),
        (48_000, "25 k–50 k USD a year"),
        (999_999, "500 k–1 M USD a year"),
        (1_000_000, "over 1 M USD a year"),
    ],
)
def test_money_is_shown_as_a_band(amount: int, said: str) -> None:
    assert money_band(amount, "USD") == said


@given(
    ref=st.builds(
        Ref,
        case=st.text(max_size=40),
        version=st.integers(0, 10**6),
        fingerprint=st.text(max_size=64),
        outreach=st.text(max_size=40),
        page=st.integers(0, 99),
        do=st.sampled_from(["", "assign", "dismiss"]),
    )
)
def test_what_a_button_carries_comes_back(ref: Ref) -> None:
    assert Ref.unpack(ref.pack()) == ref


@given(
    state=st.sampled_from(CaseState),
    outreach=st.sampled_from([None, *OutreachState]),
    drafted=st.booleans(),
    days=st.integers(-400, 400),
)
def test_every_combination_of_states_can_be_drawn(
    state: CaseState, outreach: OutreachState | None, drafted: bool, days: int
) -> None:
    at = samples.NOW + timedelta(days=days)
    brief = samples.card(
        samples.case(state, snoozed_until=at),
        outreach=samples.mail(outreach, not_before=at) if outreach else None,
        draft=samples.DRAFT if drafted else None,
    )

    assert message_faults(alert_card(brief), CARD_BLOCKS) == []
    assert message_faults(plain_card(brief), CARD_BLOCKS) == []


PURE: list[Callable[..., object]] = [alert_card, health_card, digest_card, home_view]


def test_drawing_the_same_brief_twice_gives_the_same_picture() -> None:
    briefs = [samples.card(), samples.HEALTH_BRIEF, samples.DIGEST, samples.HOME]

    assert [draw(brief) for draw, brief in zip(PURE, briefs, strict=True)] == [
        draw(brief) for draw, brief in zip(PURE, briefs, strict=True)
    ]
