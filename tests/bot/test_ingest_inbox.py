"""Between the door and the usage store nothing is lost, doubled or given to the wrong account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.intake.door import Door
from bot.intake.drain import Drain
from scoring.arrivals import Arrival, Kind
from scoring.errors import Unavailable
from scoring.model import Account, Person, Role
from storage.unit_of_work import SqlStore
from tests.bot.ingestion import ZONE, Venue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = round(NOW.timestamp() * 1e6)


def now() -> datetime:
    return NOW


def use(key: str, account: str = "acme", user: str = "u1", domain: str = "") -> Arrival:
    return Arrival(key, Kind.USE, AT, account, user, domain, "Report built")


def identify(key: str, user: str, account: str = "", **traits: object) -> Arrival:
    domain = str(traits.get("email", "")).rpartition("@")[2]
    return Arrival(key, Kind.PERSON, AT, account, user, domain, traits=json.dumps(traits))


def group(key: str, account: str, user: str = "", **traits: object) -> Arrival:
    return Arrival(key, Kind.ACCOUNT, AT, account, user, traits=json.dumps(traits))


class Shelf:
    """A usage store that only remembers what it was given, and fails when told to."""

    def __init__(self) -> None:
        self.batches: dict[str, list[tuple[str, str]]] = {}
        self.fails = 0
        self.dies_after_taking = False

    def append_columns(self, batch_id: str, columns: Mapping[str, Any]) -> int:
        if self.fails:
            self.fails -= 1
            raise Unavailable("The disk is full.")
        rows = list(zip(columns["event_id"], columns["account_id"], strict=True))
        taken = 0 if batch_id in self.batches else len(rows)
        self.batches.setdefault(batch_id, rows)
        if self.dies_after_taking:
            self.dies_after_taking = False
            raise Killed
        return taken

    def rows(self) -> list[tuple[str, str]]:
        return sorted(row for rows in self.batches.values() for row in rows)


class Killed(BaseException):
    """Stands for the end of the process at this line."""


async def kept(store: SqlStore, *arrivals: Arrival) -> None:
    await Door(store).accept(arrivals)


def drain(store: SqlStore, shelf: Shelf, rows: int = 20_000) -> Drain:
    return Drain(store, shelf, now, zone=ZONE, rows=rows)


async def test_a_batch_that_was_taken_but_not_marked_is_not_taken_twice(any_store: SqlStore) -> None:
    shelf = Shelf()
    await kept(any_store, use("1"), use("2"))
    shelf.dies_after_taking = True
    with pytest.raises(Killed):
        await drain(any_store, shelf).run()

    await kept(any_store, use("3"), use("1"))
    await drain(any_store, shelf).run()

    assert shelf.rows() == [("1", "acme"), ("2", "acme"), ("3", "acme")]


async def test_what_finds_its_account_after_such_a_death_is_not_lost(any_store: SqlStore) -> None:
    """The batch stays what it was, even though a person became known in between."""
    shelf = Shelf()
    await kept(any_store, use("1"), use("2", account="", user="u2"))
    shelf.dies_after_taking = True
    with pytest.raises(Killed):
        await drain(any_store, shelf).run()

    await kept(any_store, identify("3", "u2", "acme"))
    await drain(any_store, shelf).run()

    assert shelf.rows() == [("1", "acme"), ("2", "acme")]


async def test_a_full_disk_delays_and_loses_nothing(any_store: SqlStore) -> None:
    shelf = Shelf()
    await kept(any_store, use("1"))
    shelf.fails = 1
    with pytest.raises(Unavailable):
        await drain(any_store, shelf).run()
    await drain(any_store, shelf).run()

    assert shelf.rows() == [("1", "acme")]


async def test_a_long_backlog_is_worked_off_in_pieces(store: SqlStore) -> None:
    shelf = Shelf()
    for start in range(0, 25, 5):
        await kept(store, *(use(str(n)) for n in range(start, start + 5)))
    drained = await drain(store, shelf, rows=10).run()

    assert (drained.uses, len(shelf.batches)) == (25, 3)
    async with store() as work:
        assert await work.inbox.backlog() == 0


async def test_two_runs_at_once_take_turns(any_store: SqlStore) -> None:
    shelf = Shelf()
    worker = drain(any_store, shelf, rows=7)
    await kept(any_store, *(use(f"{n:02}") for n in range(40)))
    runs = await asyncio.gather(worker.run(), worker.run(), worker.run())

    assert sum(run.uses for run in runs) == 40
    assert shelf.rows() == [(f"{n:02}", "acme") for n in range(40)]


async def test_use_without_an_account_waits_and_is_named(any_store: SqlStore) -> None:
    shelf = Shelf()
    await kept(any_store, *(use(str(n), account="", user="u9") for n in range(3)), use("x", account="", user="u8"))
    worker = drain(any_store, shelf)
    drained = await worker.run()

    assert (shelf.rows(), drained.unknown) == ([], [("u9", 3), ("u8", 1)])
    assert await worker.unknown() == drained.unknown


async def test_waiting_use_counts_once_its_person_is_known(any_store: SqlStore) -> None:
    shelf = Shelf()
    worker = drain(any_store, shelf)
    await kept(any_store, use("1", account="", user="u9"))
    await worker.run()
    await kept(any_store, group("2", "acme", "u9"))
    await worker.run()

    assert shelf.rows() == [("1", "acme")]


async def test_the_mail_domain_leads_to_the_account_unless_two_share_it(any_store: SqlStore) -> None:
    shelf = Shelf()
    async with any_store() as work:
        await work.accounts.upsert(
            [
                Account("acme", "Acme", domain="acme.com"),
                Account("b1", "B", domain="b.com"),
                Account("b2", "B", domain="b.com"),
            ]
        )
    await kept(
        any_store, use("1", account="", user="x", domain="acme.com"), use("2", account="", user="y", domain="b.com")
    )
    drained = await drain(any_store, shelf).run()

    assert (shelf.rows(), drained.unknown) == ([("1", "acme")], [("y", 1)])


async def test_what_a_person_is_called_first_and_last_is_in_the_order_it_was_said(any_store: SqlStore) -> None:
    await kept(any_store, identify("1", "u1", "acme", name="Dana D."), identify("2", "u1", "", name="Dana Doe"))
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        person = await work.accounts.person("u1")
    assert person is not None
    assert (person.name, person.account_id) == ("Dana Doe", "acme")


async def test_identify_fills_in_and_never_empties(any_store: SqlStore) -> None:
    async with any_store() as work:
        await work.accounts.upsert([Account("acme", "Acme", tier="gold", seats=12)])
        await work.accounts.upsert_people([Person("u1", Role.CONTACT, "Dana", "dana@acme.com", "acme", "COO")])
    await kept(any_store, identify("1", "u1", "", title="CEO"), group("2", "acme", "u1", seats=15))
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        person, account = await work.accounts.person("u1"), await work.accounts.get("acme")
    assert person == Person("u1", Role.CONTACT, "Dana", "dana@acme.com", "acme", "CEO")
    assert account == Account("acme", "Acme", tier="gold", seats=15)


async def test_a_product_cannot_redirect_somebodys_mail_to_another_company(any_store: SqlStore) -> None:
    async with any_store() as work:
        await work.accounts.upsert([Account("acme", "Acme", domain="acme.io")])
        await work.accounts.upsert_people([Person("u1", Role.CONTACT, "Dana", "dana@acme.com", "acme")])
    addresses = []
    for n, address in enumerate(["evil@evil.com", "dana.doe@acme.com", "dana@acme.io", "evil@evil.com"]):
        await kept(any_store, identify(str(n), "u1", "", email=address))
        await drain(any_store, Shelf()).run()
        async with any_store() as work:
            person = await work.accounts.person("u1")
        assert person is not None
        addresses.append(person.email)

    assert addresses == ["dana@acme.com", "dana.doe@acme.com", "dana@acme.io", "dana@acme.io"]


async def test_a_product_cannot_lead_mail_about_a_company_out_of_it(any_store: SqlStore) -> None:
    async with any_store() as work:
        await work.accounts.upsert([Account("acme", "Acme", domain="acme.com"), Account("evil", "Evil")])
        await work.accounts.upsert_people([Person("dana", Role.CONTACT, "Dana", "dana@acme.com", "acme")])
    await kept(
        any_store,
        identify("1", "mole", "acme", email="mole@evil.com"),
        group("2", "acme", domain="evil.com"),
        identify("3", "mole", "acme", email="mole@evil.com"),
        identify("4", "kim", "acme", email="kim@acme.com"),
        group("5", "evil", "dana", domain="evil.com"),
        identify("6", "dana", "evil", title="COO"),
    )
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        contacts = {person.id: person for person in await work.accounts.contacts("acme")}
        acme = await work.accounts.get("acme")
    assert acme is not None
    assert acme.domain == "acme.com"
    assert {id_: person.email for id_, person in contacts.items()} == {
        "mole": "",
        "kim": "kim@acme.com",
        "dana": "dana@acme.com",
    }
    assert contacts["dana"].title == "COO"


async def test_an_address_at_a_mail_provider_is_nobody_elses_company(any_store: SqlStore) -> None:
    async with any_store() as work:
        await work.accounts.upsert([Account("acme", "Acme"), Account("bolt", "Bolt")])
        await work.accounts.upsert_people([Person("dana", Role.CONTACT, "Dana", "dana@gmail.com", "acme")])
    await kept(any_store, identify("1", "dana", "bolt", email="mole@gmail.com"))
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        person = await work.accounts.person("dana")
    assert person is not None
    assert (person.account_id, person.email) == ("acme", "dana@gmail.com")


async def test_a_person_without_an_address_goes_where_their_product_says(any_store: SqlStore) -> None:
    await kept(any_store, group("1", "acme", "u1"), group("2", "bolt", "u1", domain="bolt.io"))
    await kept(any_store, identify("3", "u1", "bolt", email="u1@bolt.io"))
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        person = await work.accounts.person("u1")
    assert person is not None
    assert (person.account_id, person.email) == ("bolt", "u1@bolt.io")


async def test_a_product_cannot_touch_our_csms(any_store: SqlStore) -> None:
    ana = Person("ana", Role.CSM, "Ana", "ana@vendor.com")
    async with any_store() as work:
        await work.accounts.upsert_people([ana])
    await kept(any_store, identify("1", "ana", "acme", email="evil@evil.com"), group("2", "acme", "ana"))
    await drain(any_store, Shelf()).run()

    async with any_store() as work:
        assert await work.accounts.person("ana") == ana


async def test_many_requests_at_once_share_commits_and_all_are_kept(any_store: SqlStore) -> None:
    door = Door(any_store)
    await asyncio.gather(*(door.accept([use(f"{n}-{m}") for m in range(10)]) for n in range(50)))

    async with any_store() as work:
        assert await work.inbox.backlog() == 500


async def test_a_client_that_hangs_up_spoils_nothing_for_others(store: SqlStore) -> None:
    door = Door(store)
    first = asyncio.create_task(door.accept([use("1")]))
    second = asyncio.create_task(door.accept([use("2")]))
    await asyncio.sleep(0)
    first.cancel()
    await second

    async with store() as work:
        assert await work.inbox.backlog() == 2


async def test_more_than_can_be_kept_is_refused_and_can_be_sent_again(store: SqlStore) -> None:
    door = Door(store, most=10)
    first = asyncio.create_task(door.accept([use(str(n)) for n in range(8)]))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Send it again"):
        await door.accept([use("a"), use("b"), use("c")])
    await first
    await door.accept([use("a"), use("b"), use("c")])

    async with store() as work:
        assert await work.inbox.backlog() == 11


async def test_keys_are_remembered_for_a_month_then_forgotten(any_store: SqlStore) -> None:
    shelf, later = Shelf(), NOW + timedelta(days=29)
    await kept(any_store, use("1"), use("2", account="", user="u9"))
    worker = Drain(any_store, shelf, lambda: later, zone=ZONE)
    await worker.run()
    assert await worker.tidy() == 0
    await kept(any_store, use("1"))
    await worker.run()
    assert shelf.rows() == [("1", "acme")]

    later = NOW + timedelta(days=31)
    assert await worker.tidy() == 1
    async with any_store() as work:
        assert await work.inbox.waiting() == []


async def test_the_real_store_takes_what_the_inbox_gives(venue: Venue) -> None:
    await venue.door.accept([use("1"), use("2"), use("1")])
    await venue.drain.run()

    assert venue.counted() == {("acme", "u1", "Report built"): 2}
