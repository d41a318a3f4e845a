"""Yesterday's backup is restored: what left since then does not leave again by itself (E9)."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from bot.outreach.high_water import HighWaterFile
from scoring.casework import CaseState, OutreachState
from scoring.errors import Unavailable
from scoring.messages import Receipt
from storage.unit_of_work import SqlStore
from tests.mail_world import BEN_ACTS, DANA, World, a_world, another_case


@pytest.fixture
def water(tmp_path: Path) -> HighWaterFile:
    return HighWaterFile(tmp_path / "newest_mail")


@pytest.fixture
async def world(store: SqlStore) -> World:
    return await a_world(store)


class Backup:
    """A copy of the database file, made while Lookout runs, and put back while it does not."""

    def __init__(self, url: str) -> None:
        self.url, self.file = url, Path(url.partition("///")[2])
        self.copy = self.file.with_name("backup.db")
        with sqlite3.connect(self.file) as live, sqlite3.connect(self.copy) as copy:
            live.backup(copy)

    async def restore(self, world: World) -> None:
        await world.store.close()
        for leftover in self.file.parent.glob(f"{self.file.name}*"):
            leftover.unlink()
        self.file.write_bytes(self.copy.read_bytes())
        world.store = SqlStore(self.url)
        await world.store.open()


async def paused(world: World) -> str:
    async with world.store.reading() as work:
        return await work.flags.get("paused") or ""


async def test_a_mail_that_left_after_the_backup_was_made_waits_for_a_person(
    world: World, water: HighWaterFile, sqlite_url: str
) -> None:
    await world.approve()
    backup = Backup(sqlite_url)
    await world.later(seconds=11).sweep(water=water).run()
    await backup.restore(world)

    for _ in range(3):
        await world.later(seconds=11).sweep(water=water).run()

    mail = await world.mail()
    assert len(world.mailer.mails) == 1
    assert (mail.state, (await world.case()).state) == (OutreachState.UNCERTAIN, CaseState.APPROVED)
    assert (await paused(world)).startswith("a restored database")
    assert [target for target, text in await world.notices() if "restored from a backup" in text] == ["#ops"]
    assert any("may have left before" in note for note in await world.notes())
    await world.store.close()


async def test_resuming_sends_nothing_that_the_backup_called_approved(
    world: World, water: HighWaterFile, sqlite_url: str
) -> None:
    await world.approve()
    backup = Backup(sqlite_url)
    await world.later(seconds=11).sweep(water=water).run()
    await backup.restore(world)
    await world.sweep(water=water).run()

    assert (await world.desk.pause(DANA, paused=False)).ok
    await world.later(seconds=11).sweep(water=water).run()
    answered = await world.desk.arrived((await world.mail()).id, DANA)
    await world.later(seconds=11).sweep(water=water).run()

    assert (len(world.mailer.mails), answered.ok, await paused(world)) == (1, True, "")
    await world.store.close()


async def test_a_mail_that_the_backup_never_heard_of_pauses_all_sending(
    world: World, water: HighWaterFile, sqlite_url: str
) -> None:
    backup = Backup(sqlite_url)
    await world.approve()
    await world.later(seconds=11).sweep(water=water).run()
    await backup.restore(world)

    await world.sweep(water=water).run()
    again = await world.approve(BEN_ACTS)

    assert not again.ok
    assert "All sending is paused" in again.text
    assert len(world.mailer.mails) == 1
    await world.store.close()


async def test_an_answer_holds_for_its_backup_and_the_next_one_asks_again(
    world: World, water: HighWaterFile, sqlite_url: str
) -> None:
    backup = Backup(sqlite_url)
    await world.approve()
    await world.later(seconds=11).sweep(water=water).run()
    asked = []
    for _ in range(2):
        await backup.restore(world)
        await world.sweep(water=water).run()
        asked.append(bool(await paused(world)))
        await world.desk.pause(DANA, paused=False)
        await world.sweep(water=water).run()
        asked.append(bool(await paused(world)))

    assert asked == [True, False, True, False]
    await world.store.close()


@pytest.mark.parametrize("said", [Receipt("sent"), Receipt("deferred"), Receipt("refused"), Receipt("unknown")])
async def test_a_restart_on_the_same_database_pauses_nothing(world: World, water: HighWaterFile, said: Receipt) -> None:
    world.mailer.says.append(said)
    await world.approve()
    await world.later(seconds=11).sweep(water=water).run()
    await another_case(world, "bolt")
    await world.approve(case_id="case-bolt")

    await world.sweep(water=water).run()

    assert await paused(world) == ""
    assert (await world.mail("case-bolt")).state is OutreachState.APPROVED


async def test_a_mail_whose_mark_cannot_be_written_stays_here_and_leaves_later(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    await world.approve()
    with pytest.raises(Unavailable, match="no mail leaves"):
        await world.later(seconds=11).sweep(water=HighWaterFile(folder / "newest_mail")).run()
    held = ((await world.mail()).state, len(world.mailer.mails))
    folder.mkdir()
    await world.later(seconds=61).sweep(water=HighWaterFile(folder / "newest_mail")).run()

    assert held == (OutreachState.APPROVED, 0)
    assert len(world.mailer.mails) == 1


async def test_the_mark_is_for_our_user_alone_and_outlives_a_torn_write(water: HighWaterFile) -> None:
    assert await water.newest() is None
    await water.rise("case-1.00002 1")
    water.file.with_suffix(".new").write_text("case-1.000")

    assert await water.newest() == "case-1.00002 1"
    assert stat.S_IMODE(water.file.stat().st_mode) == 0o600


async def test_a_mark_that_cannot_be_read_holds_every_mail(world: World, water: HighWaterFile) -> None:
    await world.approve()
    water.file.mkdir()

    with pytest.raises(Unavailable, match="cannot be read"):
        await world.later(seconds=11).sweep(water=water).run()

    assert world.mailer.mails == []
