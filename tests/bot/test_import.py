"""`lookout import`: what can be used is imported, what cannot is named with file, line and reason."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from bot.config import Settings, load
from bot.importing import import_paths
from bot.importing.report import Report
from scoring.errors import InvalidInput
from scoring.model import Account, Milestone, Person, Role, Ticket
from storage.unit_of_work import SqlStore
from tests.bot.ingestion import usage_of

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Desk:
    """A folder with files to import and a home to import them into."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder / "data"
        self.folder.mkdir()
        self.settings: Settings = load(_env_file=None, LOOKOUT_HOME=folder / "home", **settings)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    async def load(self, *paths: Path, mapping: Sequence[str] = (), dry_run: bool = False) -> Report:
        return await import_paths(
            self.settings, paths or [self.folder], mapping=mapping, dry_run=dry_run, clock=lambda: NOW
        )

    async def accounts(self) -> dict[str, Account]:
        store = SqlStore(self.settings.database)
        async with store() as work:
            found = {account.id: account for account in await work.accounts.all()}
        await store.close()
        return found

    async def people(self, *ids: str) -> dict[str, Person]:
        store = SqlStore(self.settings.database)
        async with store() as work:
            found = await work.accounts.people(ids)
        await store.close()
        return found

    def uses(self) -> dict[tuple[str, str, str], int]:
        return dict(usage_of(self.settings.home))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


ACCOUNTS = "account_id,name,plan,seats,arr,created_at\nacme,Acme,gold,12,12000,2026-01-02\nbeta,Beta,,,,\n"
EVENTS = (
    "ts,account_id,user_id,name\n"
    "2026-11-18 09:00,acme,u1,Report built\n"
    "2026-11-18 09:00,acme,u1,Report built\n"
    "2026-11-19T10:00:00Z,beta,u2,Login\n"
)


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    return {one.file: (one.imported, one.unchanged, one.rejected) for one in report.files}


def reasons(report: Report) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for file in report.files for one in file.examples]


async def test_a_folder_of_tables_is_imported(desk: Desk) -> None:
    desk.put("accounts.csv", ACCOUNTS)
    desk.put("users.csv", "user_id,account_id,first_seen_at\nu1,acme,2026-02-03\n")
    desk.put("events.csv", EVENTS)
    desk.put("milestones.csv", "account_id,name,due_at,done_at\nacme,Onboarded,2026-02-01,2026-01-30\n")
    desk.put("tickets.csv", "ts,account_id,priority,closed_at\n2026-11-01T08:00:00Z,acme,high,\n")
    desk.put("meta.json", "{}")
    report = await desk.load()

    assert report.clean
    assert counts(report) == {
        "accounts.csv": (2, 0, 0),
        "events.csv": (3, 0, 0),
        "milestones.csv": (1, 0, 0),
        "tickets.csv": (1, 0, 0),
        "users.csv": (1, 0, 0),
    }
    assert await desk.accounts() == {
        "acme": Account("acme", "Acme", tier="gold", seats=12, arr=12000, created_on=date(2026, 1, 2)),
        "beta": Account("beta", "Beta"),
    }
    assert await desk.people("u1") == {
        "u1": Person("u1", Role.CONTACT, account_id="acme", first_seen_on=date(2026, 2, 3))
    }
    assert desk.uses() == {("acme", "u1", "Report built"): 2, ("beta", "u2", "Login"): 1}
    store = SqlStore(desk.settings.database)
    async with store() as work:
        assert await work.accounts.milestones() == [Milestone("acme", "Onboarded", date(2026, 2, 1), date(2026, 1, 30))]
        (ticket,) = await work.accounts.open_tickets("acme")
    await store.close()
    assert (ticket.account_id, ticket.priority, ticket.opened_at) == (
        "acme",
        "high",
        datetime(2026, 11, 1, 8, tzinfo=UTC),
    )


PARQUET = {
    "accounts": """
        SELECT 'a' AS account_id, 'pro' AS plan, 'web' AS segment, NULL AS seats, 2280.0::DOUBLE AS arr,
        TIMESTAMP '2026-01-02' AS created_at, TIMESTAMP '2026-02-01' AS eval_from,
        TIMESTAMP '2026-10-01' AS churned_at, NULL::TIMESTAMP AS observed_until""",
    "users": """
        SELECT 'u' || i AS user_id, 'a' AS account_id, TIMESTAMP '2026-02-03 15:00' AS first_seen_at
        FROM range(3) t(i)""",
    "events": """
        SELECT TIMESTAMP '2026-03-01' + INTERVAL (i % 90) DAY AS ts, 'a' AS account_id, 'u' || i % 3 AS user_id,
        'Report built' AS name, 2::INTEGER AS n FROM range(60000) t(i)""",
    "milestones": """
        SELECT 'a' AS account_id, 'Exam' AS name, TIMESTAMP '2026-05-01' AS due_at, NULL::TIMESTAMP AS done_at""",
    "tickets": """
        SELECT TIMESTAMP '2026-05-01' AS ts, 'a' AS account_id, 'low' AS priority, NULL::TIMESTAMP AS closed_at,
        3.0::DOUBLE AS satisfaction, false AS escalated""",
}


@pytest.mark.long
async def test_a_folder_of_parquet_files_is_imported_twice_and_counted_once(desk: Desk) -> None:
    """Equal rows of a file are all counted, over the borders of batches too."""
    for name, query in PARQUET.items():
        duckdb.connect().execute(f"COPY ({query}) TO '{desk.folder / name}.parquet'")
    first, second = await desk.load(), await desk.load()

    assert first.clean
    assert {name: rows[0] for name, rows in counts(first).items()} == {
        "accounts.parquet": 1, "users.parquet": 3, "events.parquet": 60_000, "milestones.parquet": 1,
        "tickets.parquet": 1,
    }  # fmt: skip
    assert all(rows[0] == 0 for rows in counts(second).values())
    assert (await desk.accounts())["a"] == Account(
        "a", "a", tier="pro", segment="web", arr=2280, created_on=date(2026, 1, 2), churned_on=date(2026, 10, 1)
    )
    assert desk.uses() == {("a", f"u{n}", "Report built"): 40_000 for n in range(3)}


async def test_importing_the_same_files_twice_changes_nothing(desk: Desk) -> None:
    desk.put("accounts.csv", ACCOUNTS)
    desk.put("events.csv", EVENTS)
    desk.put("tickets.csv", "ts,account_id,priority\n2026-11-01,acme,high\n2026-11-01,acme,high\n")
    await desk.load()
    before = desk.uses()
    report = await desk.load()

    assert counts(report) == {"accounts.csv": (0, 2, 0), "events.csv": (0, 3, 0), "tickets.csv": (0, 2, 0)}
    assert desk.uses() == before


async def test_an_export_that_grew_adds_only_what_is_new(desk: Desk) -> None:
    desk.put("accounts.csv", ACCOUNTS)
    desk.put("events.csv", EVENTS)
    await desk.load()
    desk.put("events.csv", EVENTS + "2026-11-19T11:00:00Z,beta,u2,Login\n")
    await desk.load()

    assert desk.uses() == {("acme", "u1", "Report built"): 2, ("beta", "u2", "Login"): 2}


async def test_overlapping_exports_count_once_and_the_format_does_not_matter(desk: Desk) -> None:
    accounts, one = desk.put("accounts.csv", ACCOUNTS), desk.put("events.csv", EVENTS)
    rows = list(csv.DictReader(EVENTS.splitlines()))
    two = desk.put("events.jsonl", "\n".join(map(json.dumps, rows)))
    three = desk.folder / "events.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT ts::TIMESTAMP AS ts, * EXCLUDE (ts) FROM read_csv('{one}', all_varchar = true)) TO '{three}'"
    )
    await desk.load(accounts, one, two, three)

    assert desk.uses() == {("acme", "u1", "Report built"): 2, ("beta", "u2", "Login"): 1}


async def test_events_with_ids_are_known_by_them(desk: Desk) -> None:
    accounts = desk.put("accounts.csv", ACCOUNTS)
    first = desk.put("events-1.csv", "event_id,ts,account_id,user_id,name\ne1,2026-11-18T09:00:00Z,acme,u1,Login\n")
    again = desk.put("events-2.csv", "event_id,ts,account_id,user_id,name\ne1,2026-11-18T09:01:00Z,acme,u1,Login\n")
    await desk.load(accounts, first, again)

    assert desk.uses() == {("acme", "u1", "Login"): 1}


async def test_a_dry_run_checks_everything_and_changes_nothing(desk: Desk) -> None:
    desk.put("accounts.csv", ACCOUNTS)
    desk.put("events.csv", EVENTS + "2026-11-18,gamma,u,Login\n")
    report = await desk.load(dry_run=True)

    assert counts(report) == {"accounts.csv": (2, 0, 0), "events.csv": (3, 0, 1)}
    assert "This was a dry run: nothing was changed." in report.text()
    assert (await desk.accounts(), desk.uses()) == ({}, {})


async def test_what_cannot_be_used_is_named_and_the_rest_is_imported(desk: Desk) -> None:
    """The whole report stands in a golden file."""
    desk.put(
        "accounts.csv",
        "account_id,name,plan,seats,arr,created_at,mrr,currency\n"
        "ok,Fine,gold,12,12000.50,2026-01-02,1000,eur\n"
        ",No id,gold,,,,,\n"
        "minus,Minus,gold,-3,,,,\n"
        'comma,Comma,gold,,"12,5",,,\n'
        'thousands,Thousands,gold,,"12,000",,,\n'
        "nan,Not a number,gold,NaN,Infinity,,,\n"
        "half,Half,gold,1.5,,,,\n"
        "date,Wrong date,gold,,,31/12/2026,,\n"
        "month,Wrong month,gold,,,2026-13-01,,\n"
        "zero,Zero seats,gold,0,0,,,\n"
        "money,Money,gold,,$5,,,euros\n"
        "short,Short\n"
        "ok,Other name,gold,12,12000.50,2026-01-02,1000,eur\n"
        "ok,Fine,gold,12,12000.50,2026-01-02,1000,eur\n"
        '=1+1,"=HYPERLINK(""http://x"")",gold,,,,,\n',
    )
    desk.put(
        "contacts.csv",
        "id,email,account,name\n"
        "c1,dana@ok.com,ok,Dana\n"
        'c2,"Ann <a@x.com>, evil@y.com",ok,Ann\n'
        "c3,x@nobody.com,nobody,Lost\n"
        ",,ok,Nameless\n"
        "c4,x@ok.com,,Homeless\n",
    )
    desk.put(
        "events.csv",
        "ts,account_id,user_id,name,n\n"
        "2026-11-18,ok,u1,Login,1\n"
        "1763510400,ok,u1,Login,1\n"
        "1763510400000,ok,u1,Login again,1\n"
        "1763510400,nobody,u1,Login,1\n"
        "1763510400,nobody,u2,Login,1\n"
        "2026-11-25,ok,u1,Login,1\n"
        "5,ok,u1,Login,1\n"
        "2026-11-18,ok,,Login,1\n"
        "2026-11-18,ok,u1,Login,0\n"
        "2026-11-18,ok,u1,Login,-1\n"
        "soon,ok,u1,,many\n",
    )
    report = await desk.load()
    text = report.text().replace(str(desk.settings.home), "HOME")

    assert text + "\n" == (GOLDEN / "import_report.txt").read_text()
    assert {account.id: account.seats for account in (await desk.accounts()).values()} == {
        "ok": 12, "zero": None, "=1+1": None,
    }  # fmt: skip
    assert (await desk.accounts())["=1+1"].name == '=HYPERLINK("http://x")'
    assert desk.uses() == {("ok", "u1", "Login"): 2, ("ok", "u1", "Login again"): 1}
    assert report.rejects is not None
    with report.rejects.open(newline="") as listed:
        assert len(list(csv.DictReader(listed))) == sum(one.rejected for one in report.files)


async def test_the_list_of_rejected_rows_is_safe_to_open_in_a_spreadsheet(desk: Desk) -> None:
    path = desk.put("=cmd-events.csv", "ts,account_id,user_id,name\n2026-11-18,gone,u,Login\n")
    report = await desk.load(path)

    assert report.rejects is not None
    with report.rejects.open(newline="") as listed:
        assert [row["file"] for row in csv.DictReader(listed)] == ["'=cmd-events.csv"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(ACCOUNTS.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(ACCOUNTS.encode("utf-16"), id="UTF-16 with its mark"),
        pytest.param(ACCOUNTS.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(ACCOUNTS.encode("utf-16-be"), id="UTF-16 the other way round"),
        pytest.param(ACCOUNTS.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(ACCOUNTS.replace("\n", "\r").encode(), id="CR alone"),
        pytest.param(ACCOUNTS.replace(",", ";").encode(), id="semicolons"),
        pytest.param(ACCOUNTS.replace(",", "\t").encode(), id="tabs"),
        pytest.param(ACCOUNTS.replace(",", "|").encode(), id="bars"),
        pytest.param(
            ACCOUNTS.replace("\n", ",,\n").replace("created_at,,", "created_at").encode(), id="trailing commas"
        ),
        pytest.param(("\n" + ACCOUNTS.replace("\n", "\n\n")).encode(), id="blank lines"),
        pytest.param(ACCOUNTS.replace("account_id,name", "Account ID,accountName").encode(), id="other spellings"),
        pytest.param(ACCOUNTS.replace("Acme", '"Acme"').encode(), id="quotation marks"),
        pytest.param(ACCOUNTS.rstrip("\n").encode(), id="no last line break"),
    ],
)
async def test_csv_is_read_however_a_spreadsheet_wrote_it(desk: Desk, raw: bytes) -> None:
    report = await desk.load(desk.put("accounts.csv", raw))

    assert reasons(report) == []
    assert (await desk.accounts())["acme"] == Account(
        "acme", "Acme", tier="gold", seats=12, arr=12000, created_on=date(2026, 1, 2)
    )


async def test_a_line_that_is_not_utf_8_is_named_and_the_others_are_read(desk: Desk) -> None:
    report = await desk.load(desk.put("accounts.csv", b"id,name\na,Caf\xe9\nb,Bar\n"))

    assert reasons(report) == [(2, "name has bytes that are not UTF-8; save the file as UTF-8")]
    assert list(await desk.accounts()) == ["b"]


async def test_the_line_of_a_row_is_where_it_begins(desk: Desk) -> None:
    report = await desk.load(desk.put("accounts.csv", 'id,name,seats\na,"two\nlines",1\nb,B,-1\n'))

    assert reasons(report) == [(4, "seats is negative: “-1”")]
    assert (await desk.accounts())["a"].name == "two lines"


async def test_a_forgotten_quotation_mark_does_not_swallow_the_file(desk: Desk) -> None:
    rows = "".join(f"a{n},Name {n}\n" for n in range(12_000))
    report = await desk.load(desk.put("accounts.csv", f'id,name\nx,"open\n{rows}'))

    assert [reason for line, reason in reasons(report) if line == 2] == [
        "has a field of more than 131,072 characters; is a quotation mark left open?"
    ]
    assert counts(report)["accounts.csv"][0] > 1_000


async def test_huge_fields_and_endless_lines_are_named(desk: Desk) -> None:
    content = f"id,name\na,{'x' * 5_000}\n{'y' * 300},B\nb,{'z' * 3_000_000}\nc,C\n"
    report = await desk.load(desk.put("accounts.csv", content))

    assert [(line, reason.split(":")[0]) for line, reason in reasons(report)] == [
        (2, "name is longer than 2000 characters"),
        (3, "id is longer than 255 characters"),
        (4, "is longer than a million characters"),
    ]
    assert list(await desk.accounts()) == ["c"]


async def test_json_lines_are_read_one_by_one(desk: Desk) -> None:
    lines = [
        '{"id": "a", "name": "A", "seats": 3}', "", '{"id": "b", "seats": NaN}', "[1]", '{"id": "c"', "[" * 50_000,
        '{"id": {"x": 1}}', '{"name": "no id"}', '{"name": "D", "id": 7}',
    ]  # fmt: skip
    report = await desk.load(desk.put("accounts.jsonl", "\n".join(lines)))

    assert [(line, reason.split(":")[0]) for line, reason in reasons(report)] == [
        (3, "is no JSON"), (4, "is no JSON object"), (5, "is no JSON"), (6, "is nested too deeply"),
        (7, "id is no text"), (8, "has no id"),
    ]  # fmt: skip
    assert sorted(await desk.accounts()) == ["7", "a"]


async def test_parquet_takes_an_empty_cell_and_not_a_number_for_unknown(desk: Desk) -> None:
    path = desk.folder / "accounts.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT * FROM (VALUES ('a', 'NaN'::DOUBLE, NULL::DOUBLE), ('b', 3.0, 1e308), ('c', -1.0, 5.5)) "
        f"t(account_id, seats, arr)) TO '{path}'"
    )
    report = await desk.load(path)

    assert reasons(report) == [(2, "arr is too large: “1e+308”"), (3, "seats is negative: “-1.0”")]
    assert (await desk.accounts()) == {"a": Account("a", "a")}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("accounts.csv", b"", "is empty"),
        ("accounts.csv", b"\n\n", "is empty"),
        ("accounts.csv", b"name,plan\nA,gold\n", "accounts need id"),
        ("accounts.csv", b"id,ID\na,a\n", "twice"),
        ("stuff.csv", b"x,y\n1,2\n", "neither its name nor its columns"),
        ("export.csv", b"account_id,name\na,A\n", "it could be accounts or milestones"),
        ("accounts.jsonl", b'[{"id": "a"}]', "is one JSON array"),
        ("accounts.jsonl", b"5\n", "no JSON object"),
        ("accounts.parquet", b"PAR1 nonsense", "cannot be read as Parquet"),
        ("accounts.xlsx", b"PK", "is no CSV, JSONL or Parquet file"),
    ],
)
async def test_a_file_that_is_wrong_as_a_whole_stops_the_import_before_it_begins(
    desk: Desk, name: str, content: bytes, says: str
) -> None:
    good, bad = desk.put("good-accounts.csv", ACCOUNTS), desk.put(name, content)
    with pytest.raises(InvalidInput) as refused:
        await desk.load(good, bad, desk.folder / "absent.csv")

    assert says in str(refused.value)
    assert "absent.csv: there is no such file" in str(refused.value)
    assert not (desk.settings.home / "lookout.db").exists()


async def test_columns_decide_where_the_name_says_nothing(desk: Desk) -> None:
    one = desk.put("export1.csv", ACCOUNTS)
    two = desk.put("export2.csv", EVENTS)
    three = desk.put("export3.csv", "email,full_name,account_id,title\ndana@acme.com,Dana,acme,COO\n")

    assert {file.file: str(file.table) for file in (await desk.load(one, two, three)).files} == {
        "export1.csv": "accounts", "export2.csv": "events", "export3.csv": "people",
    }  # fmt: skip


async def test_columns_can_be_mapped(desk: Desk) -> None:
    desk.put("accounts.csv", "Firma,Bezeichnung\nacme,Acme\n")
    desk.put("events.csv", "wann,Firma,wer,was\n2026-11-18,acme,u1,Login\n")
    mapping = ["account=Firma", "accounts.name=Bezeichnung", "at=wann", "user=wer", "events.name=was"]
    report = await desk.load(mapping=mapping)

    assert report.clean
    assert ((await desk.accounts())["acme"].name, desk.uses()) == ("Acme", {("acme", "u1", "Login"): 1})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name", "write it like"),
        ("=x", "write it like"),
        ("planets.name=x", "write it like"),
        ("colour=x", "there is no field colour"),
        ("name=nowhere", "none of the files has a column nowhere"),
    ],
)
async def test_a_mapping_that_fits_nothing_is_refused(desk: Desk, text: str, says: str) -> None:
    desk.put("accounts.csv", ACCOUNTS)
    with pytest.raises(InvalidInput, match=says):
        await desk.load(mapping=[text])


async def test_a_monthly_sum_is_never_taken_for_a_yearly_one(desk: Desk) -> None:
    report = await desk.load(desk.put("accounts.csv", "id,mrr,amount,revenue\na,100,5,7\n"))

    assert (await desk.accounts())["a"].arr is None
    assert "Columns not used: mrr, amount, revenue" in report.text()


async def test_csms_are_found_by_id_and_by_address_and_made_from_an_address(desk: Desk) -> None:
    desk.put("csms.csv", "id,name,email\nana,Ana,Ana@vendor.com\n")
    desk.put(
        "accounts.csv", "id,csm\na,ana\nb,ANA@vendor.com\nc,ben@vendor.com\nd,ben@vendor.com\ne,zoe\nf,\n"
    )  # fmt: skip
    report = await desk.load()

    owners = {account.id: account.csm_id for account in (await desk.accounts()).values()}
    assert owners == {"a": "ana", "b": "ana", "c": "ben@vendor.com", "d": "ben@vendor.com", "e": None, "f": None}
    assert (await desk.people("ben@vendor.com"))["ben@vendor.com"].role is Role.CSM
    assert report.notes == [
        "CSMs that we knew only by their address were added: ben@vendor.com",
        "CSMs that nobody told us: “zoe” (1). Import them as csms, then these accounts again.",
    ]


async def test_one_file_of_people_holds_both_sides(desk: Desk) -> None:
    desk.put("accounts.csv", "id,csm\nacme,ana@vendor.com\n")
    desk.put(
        "people.csv",
        "role,id,email,account,first_name,last_name,primary\n"
        "csm,ana,ana@vendor.com,,Ana,Alvarez,\n"
        "contact,dana,dana@acme.com,acme,Dana,Doe,yes\n"
        "pilot,x,x@acme.com,acme,,,\n",
    )
    report = await desk.load()

    assert counts(report)["people.csv"] == (2, 0, 1)
    assert await desk.people("ana", "dana") == {
        "ana": Person("ana", Role.CSM, "Ana Alvarez", "ana@vendor.com"),
        "dana": Person("dana", Role.CONTACT, "Dana Doe", "dana@acme.com", "acme", primary=True),
    }
    assert (await desk.accounts())["acme"].csm_id == "ana"


async def test_a_csm_made_from_an_address_is_the_one_that_comes_with_an_id_later(desk: Desk) -> None:
    await desk.load(desk.put("accounts.csv", "id,csm_email\nacme,ana@vendor.com\n"))
    csms = desk.put("csms.csv", "id,name,email\nu7,Ana,ana@vendor.com\n")
    await desk.load(csms, desk.put("more-accounts.csv", "id,csm_id\nbeta,u7\n"))

    owners = {account.id: account.csm_id for account in (await desk.accounts()).values()}
    assert owners == {"acme": "ana@vendor.com", "beta": "ana@vendor.com"}
    assert (await desk.people("ana@vendor.com"))["ana@vendor.com"].name == "Ana"


async def test_a_contact_cannot_become_a_csm_by_import(desk: Desk) -> None:
    desk.put("accounts.csv", "id\nacme\n")
    await desk.load(desk.folder / "accounts.csv", desk.put("contacts.csv", "id,account\nx,acme\n"))
    report = await desk.load(desk.put("csms.csv", "id,name\nx,X\n"))

    assert reasons(report) == [(2, "is known as a contact already")]


async def test_a_file_without_a_column_leaves_what_is_known(desk: Desk) -> None:
    await desk.load(desk.put("accounts.csv", "id,name,plan,seats,csm\na,A,gold,12,ana@v.com\n"))
    await desk.load(desk.put("accounts.csv", "id,renewal_date\na,2027-01-01\n"))
    await desk.load(desk.put("accounts.csv", "id,name,plan,seats,csm\na,,,,\n"))

    assert (await desk.accounts())["a"] == Account(
        "a", "A", tier="gold", seats=None, csm_id="ana@v.com", renewal_on=date(2027, 1, 1)
    )


async def test_a_ticket_without_an_id_is_known_when_it_is_closed(desk: Desk) -> None:
    accounts = desk.put("accounts.csv", ACCOUNTS)
    await desk.load(accounts, desk.put("tickets.csv", "ts,account_id,priority,closed_at\n2026-11-01,acme,high,\n"))
    closed = desk.put("tickets.csv", "ts,account_id,priority,closed_at\n2026-11-01,acme,high,2026-11-02\n")
    assert counts(await desk.load(closed))["tickets.csv"] == (1, 0, 0)

    store = SqlStore(desk.settings.database)
    async with store() as work:
        assert await work.accounts.open_tickets("acme") == []
    await store.close()


async def test_days_and_bare_times_are_read_in_the_workspaces_zone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, LOOKOUT_TIMEZONE="America/New_York")
    desk.put("accounts.csv", "id,created_at\na,2026-01-02\nb,2026-01-02T03:00:00Z\n")
    desk.put("tickets.csv", "id,ts,account\nt1,2026-11-01 08:00,a\nt2,2026-11-01T08:00:00Z,a\n")
    await desk.load()

    assert {a.id: a.created_on for a in (await desk.accounts()).values()} == {
        "a": date(2026, 1, 2), "b": date(2026, 1, 1),
    }  # fmt: skip
    store = SqlStore(desk.settings.database)
    async with store() as work:
        tickets = await work.accounts.tickets(["t1", "t2"])
    await store.close()
    assert tickets == {
        "t1": Ticket("t1", "a", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        "t2": Ticket("t2", "a", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    }


async def test_progress_is_told_for_every_file(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    desk.put("accounts.csv", ACCOUNTS)
    desk.put("events.csv", EVENTS)
    console = Console(force_terminal=True, width=100)
    await import_paths(desk.settings, [desk.folder], console=console)

    told = capsys.readouterr().out
    assert "accounts.csv" in told
    assert "100%" in told


def test_the_command_says_what_it_did(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.__main__ import cli

    monkeypatch.setenv("LOOKOUT_HOME", str(desk.settings.home))
    desk.put("accounts.csv", ACCOUNTS + "x,X,,-1,,\n")
    with pytest.raises(SystemExit) as ended:
        cli(["import", str(desk.folder)])

    assert ended.value.code == 1
    assert "accounts.csv (accounts): 2 imported, 0 unchanged, 1 rejected" in capsys.readouterr().out
    assert len(asyncio.run(desk.accounts())) == 2
