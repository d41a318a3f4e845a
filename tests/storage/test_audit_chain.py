"""The audit only grows, and whoever changes it behind our back is found out, on both databases (J12)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from scoring.audit_chain import CHANGED, MISSING, REPLACED, Break, first_break
from storage import migrations
from tests.builders import NOW, an_entry, remember
from tests.conftest import opened


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request, tmp_path):
    """A database without any table, on each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return request.getfixturevalue("new_postgres_url")


async def links_of(store):
    async with store.reading() as work:
        return [link async for link in work.audit.chain()]


async def behind_our_back(url, statement):
    """Run SQL as somebody who owns the database and switches its triggers off."""

    def run(connection):
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        connection.execute(text(statement))
        if connection.dialect.name != "sqlite":
            connection.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))

    await migrations.apply(url, run)


async def test_rows_that_many_wrote_at_once_make_one_chain(any_store):
    async def write(number):
        async with any_store() as work:
            await work.audit.add(
                an_entry(f"done {number}", at=NOW + timedelta(microseconds=number), detail="Größe – 6 €")
            )

    await asyncio.gather(*(write(number) for number in range(20)))

    links = await links_of(any_store)
    assert [link.seq for link in links] == list(range(1, 21))
    assert first_break(links) is None
    async with any_store.reading() as work:
        assert await work.audit.tail(3) == links[-3:]
        assert first_break(await work.audit.tail(3), whole=False) is None


async def test_what_somebody_did_lately_is_read_from_the_newest_rows_alone(any_store):
    later = NOW + timedelta(hours=1)
    await remember(
        any_store, an_entry("first"), an_entry("second", at=later), an_entry("other", actor="UBEN", at=later)
    )

    async with any_store.reading() as work:
        before = NOW - timedelta(hours=1)
        assert await work.audit.done_by("UDANA", before, among=5) == [(later, "second"), (NOW, "first")]
        assert await work.audit.done_by("UDANA", NOW, among=5) == [(later, "second")]
        assert await work.audit.done_by("UDANA", before, among=2) == [(later, "second")]
        assert await work.audit.done_by("UDANA", before, among=1) == []


async def test_what_was_rolled_back_leaves_no_gap(any_store):
    await remember(any_store, an_entry("first"))
    with pytest.raises(ZeroDivisionError):
        async with any_store() as work:
            await work.audit.add(an_entry("never"))
            raise ZeroDivisionError
    await remember(any_store, an_entry("second"))

    links = await links_of(any_store)
    assert [(link.seq, link.entry.action) for link in links] == [(1, "first"), (2, "second")]
    assert first_break(links) is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"],
    ids=["update", "delete", "truncate"],
)
async def test_the_database_refuses_every_change_of_a_row(any_store, any_url, statement):
    if statement.startswith("TRUNCATE") and any_url.startswith("sqlite"):
        statement = "DELETE FROM audit WHERE seq = 1"
    await remember(any_store, an_entry("first"))

    with pytest.raises(Exception, match="only ever added"):
        await migrations.apply(any_url, lambda connection: connection.execute(text(statement)))

    assert len(await links_of(any_store)) == 1


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET actor = 'UBEN' WHERE seq = 3", Break(3, CHANGED)),
        ("UPDATE audit SET detail = 'x' WHERE seq = 5", Break(5, CHANGED)),
        ("DELETE FROM audit WHERE seq = 3", Break(4, REPLACED)),
        ("DELETE FROM audit WHERE seq = 1", Break(2, MISSING)),
        ("UPDATE audit SET seq = 9 WHERE seq = 2", Break(3, REPLACED)),
    ],
)
async def test_whatever_is_changed_behind_our_back_is_named_by_its_first_row(any_store, any_url, statement, found):
    await remember(any_store, *(an_entry(f"step {number}") for number in range(1, 6)))
    await behind_our_back(any_url, statement)

    assert first_break(await links_of(any_store)) == found


async def test_rows_from_before_the_chain_are_linked_as_they_stand(new_url):
    await migrations.upgrade(new_url, to="0007")
    old = (
        "INSERT INTO audit (seq, at, actor, action, account_id, case_id, detail)"
        " VALUES ({seq}, '{at}', 'UDANA', 'approved', 'acme', 'case-1', 'Größe “1”')"
    )
    for seq, at in ((1, "2026-11-20 09:00:00.000000"), (4, "2026-11-20 09:00:00.000123")):
        zone = "" if new_url.startswith("sqlite") else "+00"
        await migrations.apply(
            new_url, lambda connection, s=seq, a=at, z=zone: connection.execute(text(old.format(seq=s, at=a + z)))
        )
    async with opened(new_url) as store:
        await remember(store, an_entry("after"))
        links = await links_of(store)

    assert [link.seq for link in links] == [1, 4, 5]
    assert first_break(links) is None
