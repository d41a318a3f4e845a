"""`lookout audit`: who did what when, for people and for tools, and whether anybody changed it."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import cli
from scoring.casework import Verdict as Of
from tests.builders import NOW, a_contact, an_entry, remember
from tests.mail_world import DANA, a_world


@pytest.fixture
def lookout(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path) -> Any:
    """The command line on this test's database."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("LOOKOUT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, list(words))


def test_the_command_shows_writes_and_verifies_and_names_the_first_broken_row(
    lookout: Any, sqlite_url: str, tmp_path: Path
) -> None:
    import asyncio

    from tests.conftest import opened

    async def fill() -> None:
        async with opened(sqlite_url) as store:
            early = an_entry("opened", at=NOW - timedelta(days=3), actor="lookout")
            await remember(store, early, an_entry("approved", detail="=1+1"), an_entry("sent", actor="lookout"))

    asyncio.run(fill())

    shown = lookout("audit", "--since", "2026-11-20")
    assert [line.split()[3:5] for line in shown.output.splitlines()] == [["UDANA", "approved"], ["lookout", "sent"]]
    rows = [json.loads(line) for line in lookout("audit", "--json").output.splitlines()]
    assert [row["action"] for row in rows] == ["opened", "approved", "sent"]
    assert lookout("audit", "--out", "a.csv").output == "3 rows written to a.csv.\n"
    with (tmp_path / "a.csv").open() as file:
        assert [row["detail"] for row in csv.DictReader(file)] == ["", "'=1+1", ""]
    lookout("audit", "--out", "a.jsonl")
    written = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert written == rows
    assert lookout("audit", "--verify").output.startswith("The audit holds: 3 rows")

    with closing(sqlite3.connect(tmp_path / "lookout.db")) as database:
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            database.execute("UPDATE audit SET actor = 'UBEN' WHERE seq = 2")
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'UBEN' WHERE seq = 2")
        database.commit()
    for words in (["audit", "--verify"], ["audit", "--out", "b.jsonl"]):
        found = lookout(*words)
        assert found.exit_code == 1
        assert "Row 2 of the audit does not hold: its content is not what was written." in found.output
    doctor = lookout("doctor")
    assert "WRONG  audit: row 2 does not hold" in doctor.output


async def test_the_audit_keeps_no_name_no_address_and_nothing_that_people_wrote(store: Any) -> None:
    world = await a_world(store)
    await world.desk.edit("case-1", 1, "Zanzibar", "Hello Kim, Zanzibar", DANA)
    await world.approve()
    await world.learn(a_contact(left=True))
    await world.later(seconds=11).sweep().run()
    assert (await world.mail()).error, "the mail was stopped for a reason that names people"
    await world.desk.snooze("case-1", world.now + timedelta(days=1), "Kim Novak said so, Zanzibar", DANA)
    await world.desk.wake_up("case-1", DANA)
    await world.desk.dismiss("case-1", Of.KNEW_IT, "Kim Novak said so, Zanzibar", DANA)

    async with store.reading() as work:
        entries = await work.audit.newest(100)
    assert {"edited", "approved", "stopped", "snoozed", "woken", "dismissed"} <= {entry.action for entry in entries}
    said = " ".join(f"{entry.actor} {entry.action} {entry.detail}" for entry in entries)
    assert [word for word in ("Kim", "Novak", "@", "Dana", "Acme", "Zanzibar") if word in said] == []
