"""The invented world is the same for the same seed, and its fates can be read from what its people do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bot.demo.fates import STORIES, Kind
from bot.demo.names import COMPANIES
from bot.demo.world import CSMS, World
from scoring.model import Role

START = date(2026, 11, 23)


@pytest.fixture(scope="module")
def world() -> World:
    return World(START)


@pytest.fixture(scope="module")
def past(world: World) -> dict[tuple[str, date], Counter[str]]:
    """(account, day) → uses by person, over the last fifty days."""
    columns = world.events(START - timedelta(days=50), START - timedelta(days=1))
    found: dict[tuple[str, date], Counter[str]] = {}
    for row, ts in enumerate(columns["ts"]):
        day = ts.astype(datetime).replace(tzinfo=UTC).astimezone(world.zone).date()
        found.setdefault((columns["account_id"][row], day), Counter())[columns["user_id"][row]] += int(
            columns["n"][row]
        )
    return found


def uses(past, account_id: str, first: int, last: int) -> Counter[str]:
    """Uses by person from day `first` to `last`, counted from the demo's first day."""
    days = [START + timedelta(days=day) for day in range(first, last + 1)]
    return sum((past.get((account_id, day), Counter()) for day in days), Counter())


def told(world: World, kind: Kind) -> list[tuple[str, int]]:
    return [(account_id, fate.turn) for account_id, fate in world.fates.items() if fate.kind is kind]


def test_the_same_seed_gives_the_same_world_in_any_order() -> None:
    day = START - timedelta(days=3)
    one, other = World(START), World(START)
    other.events(START, START)
    whole = one.events(day - timedelta(days=2), day)
    alone = other.events(day, day)

    assert [*one.accounts, *one.people, *one.milestones] == [*other.accounts, *other.people, *other.milestones]
    picked = np.array([event_id.startswith(str(day)) for event_id in whole["event_id"]])
    for name in ("event_id", "ts", "user_id", "n"):
        assert sorted(np.array(whole[name])[picked].tolist()) == sorted(np.array(alone[name]).tolist())
    assert World(START, seed=8).events(day, day)["n"].sum() != alone["n"].sum()


def test_nobody_in_it_exists(world: World) -> None:
    assert len(world.accounts) == len(COMPANIES) == 60
    assert len({account.id for account in world.accounts}) == 60
    addresses = [person.email for person in world.people]
    assert len(set(addresses)) == len(addresses)
    assert all(address.isascii() and address.endswith((".example", ".test")) for address in addresses)


def test_every_account_can_be_written_to_in_somebodys_name(world: World) -> None:
    owners = {person.id for person in CSMS}
    for customer in world.customers:
        primary = [person for person in customer.people if person.primary]
        assert customer.account.csm_id in owners
        assert len(primary) == 1
        assert primary[0].role is Role.CONTACT
        assert customer.account.seats >= len(customer.people) >= 6


def test_events_of_one_day_lie_within_that_day(world: World) -> None:
    columns = world.events(START, START)
    local = {ts.astype(datetime).replace(tzinfo=UTC).astimezone(world.zone).date() for ts in columns["ts"]}
    assert local == {START}
    assert len(set(columns["event_id"])) == len(columns["event_id"])
    assert (columns["n"] > 0).all()


def test_those_who_stop_are_silent_from_that_day_on(world: World, past) -> None:
    for account_id, turn in told(world, Kind.SUDDEN_STOP) + told(world, Kind.GIVES_UP):
        assert uses(past, account_id, turn - 10, turn - 1)
        assert not uses(past, account_id, turn, -1)
    for account_id, _ in told(world, Kind.DORMANT):
        assert not uses(past, account_id, -50, -1)


def test_a_champion_who_leaves_did_more_than_half(world: World, past) -> None:
    [account_id] = [one for one, turn in told(world, Kind.CHAMPION_LEAVES) if turn < 0]
    turn = world.fates[account_id].turn
    before, after = uses(past, account_id, turn - 28, turn - 1), uses(past, account_id, turn, -1)
    champion, most = before.most_common(1)[0]
    assert most > sum(before.values()) / 2
    assert champion not in after
    assert after


def test_idle_seats_leave_few_people_and_a_dip_ends_by_itself(world: World, past) -> None:
    [(idle, turn)] = told(world, Kind.SEATS_IDLE)
    assert len(uses(past, idle, turn, -1)) == 2 < len(uses(past, idle, turn - 14, turn - 1))
    [(back, turn)] = told(world, Kind.COMES_BACK)
    before, dip = uses(past, back, turn - 7, turn - 1), uses(past, back, turn, turn + 6)
    assert sum(dip.values()) < sum(before.values()) / 3


def test_who_is_stuck_never_takes_the_next_step(world: World) -> None:
    [(stuck, _)] = told(world, Kind.STUCK)
    steps = {milestone.name: milestone for milestone in world.milestones if milestone.account_id == stuck}
    assert steps["First report shared"].done_on is None
    assert steps["First report shared"].started_on is not None
    assert steps["Connect your data"].done_on is not None


def test_a_mail_brings_an_account_back_and_an_answer_the_next_day() -> None:
    world = World(START)
    account_id = world.accounts[0].id
    assert STORIES[0].recovers == 1.0
    contact = next(person for person in world.people if person.account_id == account_id and person.primary)
    silent = world.events(START, START + timedelta(days=4))
    assert account_id not in silent["account_id"]

    assert world.mail(contact.email.upper(), START) == account_id
    assert world.mail("nobody@nowhere.example", START) is None
    back = world.events(START, START + timedelta(days=4))
    assert back["account_id"].count(account_id) > 20
    assert world.replies(START) == []
    [reply] = world.replies(START + timedelta(days=1))
    assert reply.account_id == account_id
    assert contact.first_name in reply.text


def test_a_mail_cannot_wake_the_dormant() -> None:
    world = World(START)
    [account_id, *_] = [account for account, fate in world.fates.items() if fate.kind is Kind.DORMANT]
    world.mailed[account_id] = START
    assert account_id not in world.events(START, START + timedelta(days=7))["account_id"]
    assert world.replies(START + timedelta(days=1)) == []
