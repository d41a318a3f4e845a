"""`/health`, my worst five and App Home answer from what is stored, and agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.loop.lookup import Lookup
from scoring.briefs import Choice, HealthBrief
from scoring.casework import CaseState, OutreachState
from scoring.errors import NotFound
from storage.unit_of_work import SqlStore
from tests.builders import (
    NOW,
    TODAY,
    a_case,
    a_contact,
    a_csm,
    a_draft,
    a_snapshot,
    an_account,
    an_outreach,
    remember,
)


@dataclass(frozen=True)
class Someone:
    """An actor."""

    slack_id: str = "UDANA"
    name: str = "Dana"
    person_id: str = "csm-dana"
    timezone: str = "UTC"


STRANGER = Someone(slack_id="UX", name="X", person_id="")


@pytest.fixture
def lookup(store: SqlStore) -> Lookup:
    return Lookup(store, lambda: NOW)


async def fading(store: SqlStore, account_id: str = "acme", days: int = 40, **more: object) -> None:
    """An account that lost a point a day."""
    await remember(
        store, a_csm(), an_account(account_id, **more), a_contact(account_id=account_id, id=f"c-{account_id}")
    )
    await remember(store, *(a_snapshot(account_id, TODAY - timedelta(days=n), 50.0 + n) for n in range(days)))


async def test_a_misspelt_name_gets_the_whole_picture(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)

    brief = await lookup.health("acmee")

    assert isinstance(brief, HealthBrief)
    assert (brief.account.name, brief.health.score, len(brief.trend)) == ("Acme", 50.0, 40)
    assert brief.compared_on == TODAY - timedelta(days=28)
    assert sum(bar.points for bar in brief.bars) == pytest.approx(-28.0)
    assert brief.last_contact == "none on record"


async def test_a_name_that_two_accounts_share_gives_a_list_with_domain_and_owner(
    store: SqlStore, lookup: Lookup
) -> None:
    await fading(store)
    await remember(store, an_account("acme-2", name="ACME Inc.", csm_id=None, domain="acme.example"))

    choice = await lookup.health("acme")

    assert isinstance(choice, Choice)
    assert choice.exact
    assert {(line.domain, line.owner) for line in choice.lines} == {
        ("acme.test", "Dana Reyes"),
        ("acme.example", "nobody"),
    }


async def test_an_account_without_a_score_says_so(store: SqlStore, lookup: Lookup) -> None:
    await remember(store, a_csm(), an_account())

    with pytest.raises(NotFound, match="Acme has no score yet"):
        await lookup.health("acme")


async def test_a_mail_that_left_is_the_last_contact(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)
    sent = an_outreach(state=OutreachState.SENT, sent_at=NOW, to_id="c-acme")
    await remember(store, a_case(state=CaseState.CONTACTED), a_draft(to_id="c-acme"), sent)

    brief = await lookup.health("acme")

    assert isinstance(brief, HealthBrief)
    assert brief.last_contact == "mail to kim@acme.test on 20 Nov 2026"
    assert brief.next_step.startswith("A mail was sent")


async def test_my_worst_five_are_mine_and_the_lowest(store: SqlStore, lookup: Lookup) -> None:
    await remember(store, a_csm(), a_csm("csm-ben"))
    for n in range(8):
        await remember(store, an_account(f"mine{n}"), a_snapshot(f"mine{n}", score=10.0 * n))
    await remember(store, an_account("theirs", csm_id="csm-ben"), a_snapshot("theirs", score=1.0))

    lines = await lookup.worst(Someone())

    assert [line.account_id for line in lines] == ["mine0", "mine1", "mine2", "mine3", "mine4"]


async def test_somebody_without_accounts_sees_everybodys_worst(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)

    assert [line.account_id for line in await lookup.worst(STRANGER)] == ["acme"]


async def test_a_churned_account_is_in_no_list(store: SqlStore, lookup: Lookup) -> None:
    await fading(store, churned_on=TODAY)

    assert await lookup.worst(Someone()) == ()


async def test_home_puts_decisions_first_and_pages_the_portfolio(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)
    await remember(store, a_case())
    for n in range(45):
        await remember(store, an_account(f"b{n:02}"), a_snapshot(f"b{n:02}", score=90.0))

    home = await lookup.home(Someone(), page=3)

    assert [line.account_id for line in home.decide] == ["acme"]
    assert (home.page, home.pages, len(home.portfolio)) == (3, 3, 6)
    assert (await lookup.home(Someone(), page=99)).page == 3


async def test_a_mail_of_unknown_fate_waits_for_a_decision(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)
    lost = an_outreach(state=OutreachState.UNCERTAIN, to_id="c-acme")
    await remember(store, a_case(state=CaseState.APPROVED), a_draft(to_id="c-acme"), lost)

    home = await lookup.home(Someone())

    assert [line.text for line in home.decide] == ["We do not know whether its mail arrived."]


async def test_home_before_any_score_says_what_to_do(lookup: Lookup) -> None:
    home = await lookup.home(Someone())

    assert (home.portfolio, home.decide) == ((), ())
    assert "Import usage data" in home.notes[0]


async def test_a_verified_mail_links_a_csm_to_slack_and_nobody_else(store: SqlStore, lookup: Lookup) -> None:
    await remember(store, a_csm(slack_id=""))

    assert await lookup.member("U7", "DANA@us.test", "Asia/Tokyo") == "csm-dana"
    assert await lookup.member("U8", "mallory@us.test", "UTC") == ""
    assert await lookup.member("U8", "", "UTC") == ""
    async with store.reading() as work:
        csm = await work.accounts.csm_by_slack_id("U7")
    assert csm is not None
    assert csm.timezone == "Asia/Tokyo"


async def test_a_renamed_account_is_found_by_its_new_name_at_once(store: SqlStore, lookup: Lookup) -> None:
    await fading(store)
    assert isinstance(await lookup.health("acme"), HealthBrief)
    await remember(store, an_account(name="Zephyr"))

    found = await lookup.health("zephyr")

    assert isinstance(found, HealthBrief)
    assert found.account.name == "Zephyr"
