"""Where a card goes, whom it names, and whom its draft is for."""

from __future__ import annotations

import pytest

from scoring.errors import InvalidInput
from scoring.model import Band
from scoring.routing import Route, Routing, pick_contact
from tests.builders import a_contact, a_csm, an_account, some_signals

ROUTES = {"severity:Critical": "#cs-critical", "tier:Enterprise": "#cs-ent", "owner:Dana@us.test": "#dana"}
ROUTING = Routing.from_settings("#cs-alerts", ROUTES, lead_email="Lee@us.test")
DANA, OMAR = a_csm(), a_csm("csm-omar")
LEE = a_csm("csm-lee", lead=True)


def test_the_owner_is_more_specific_than_the_tier_and_the_tier_than_the_severity() -> None:
    big, small = an_account(tier="enterprise"), an_account()

    assert ROUTING.route(Band.CRITICAL, big, DANA).channel == "#dana"
    assert ROUTING.route(Band.CRITICAL, big, OMAR).channel == "#cs-ent"
    assert ROUTING.route(Band.CRITICAL, small, OMAR).channel == "#cs-critical"
    assert ROUTING.route(Band.AT_RISK, small, OMAR).channel == "#cs-alerts"


def test_the_owner_is_mentioned_and_the_lead_where_nobody_owns_the_account() -> None:
    assert ROUTING.route(Band.AT_RISK, an_account(), OMAR, LEE) == Route("#cs-alerts", "UOMAR")
    assert ROUTING.route(Band.AT_RISK, an_account(), None, LEE) == Route("#cs-alerts", "ULEE")
    assert ROUTING.route(Band.AT_RISK, an_account(), None) == Route("#cs-alerts", "")


def test_an_owner_without_an_address_matches_no_owner_route() -> None:
    assert ROUTING.route(Band.AT_RISK, an_account(), a_csm("csm-new", email="")).channel == "#cs-alerts"


def test_the_lead_is_who_the_settings_name_else_who_is_marked() -> None:
    marked = a_csm("csm-ada", lead=True)

    assert ROUTING.lead([marked, LEE]) is LEE
    assert Routing("#cs").lead([OMAR, marked]) is marked
    assert Routing("#cs").lead([OMAR, a_csm("csm-gone", lead=True, left=True)]) is None


@pytest.mark.parametrize("channel", ["#general", "general", "#General ", "@channel", "@here", "#everyone", " "])
def test_no_route_leads_to_everybody(channel: str) -> None:
    with pytest.raises(InvalidInput):
        Routing.from_settings(channel, {})
    with pytest.raises(InvalidInput):
        Routing.from_settings("#cs", {"severity:Critical": channel})


@pytest.mark.parametrize("key", ["Critical", "severity:Awful", "team:emea", "owner:", "severity"])
def test_a_route_that_means_nothing_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(InvalidInput):
        Routing.from_settings("#cs", {key: "#cs-x"})


def test_the_draft_is_for_the_main_contact_who_is_still_there_and_can_be_reached() -> None:
    signals = some_signals(last_user_id="sam")
    main, sam, pat = a_contact("main"), a_contact("sam", primary=False), a_contact("pat", primary=False)

    def picked(*contacts: object, play: str = "low_score", closed: tuple[str, ...] = ()) -> str | None:
        person = pick_contact(contacts, signals, play=play, closed=closed)  # type: ignore[arg-type]
        return person.id if person else None

    assert picked(pat, sam, main) == "main"
    assert picked(pat, sam, a_contact("main", left=True)) == "sam"
    assert picked(pat, sam, a_contact("main", email="main@acme.test, eve@evil.test")) == "sam"
    assert picked(pat, sam, main, closed=("main@acme.test",)) == "sam"
    assert picked(a_contact("main", email="")) is None


def test_the_power_user_play_is_for_that_person_and_for_the_main_contact_where_they_have_left() -> None:
    signals = some_signals(power_user_id="pat")
    main, pat = a_contact("main"), a_contact("pat", primary=False)
    gone = a_contact("pat", primary=False, left=True)

    assert pick_contact([main, pat], signals, play="power_user") is pat
    assert pick_contact([main, gone], signals, play="power_user") is main
    assert pick_contact([main, pat], signals, play="low_score") is main
