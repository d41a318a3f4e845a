"""Who asks to be forgotten is: their words and addresses stand nowhere in the database, its facts still add up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from bot.demo.run import DemoSettings
from bot.erase_terminal import erased
from bot.loop.drafting import Drafting
from bot.loop.erase import Erase, Forgotten
from bot.loop.old_texts import OldTexts
from scoring.arrivals import Arrival, Kind
from scoring.audit_chain import first_break
from scoring.casework import CaseState, OutreachState
from scoring.crm import CrmState, CrmThing
from scoring.erasure import ERASED, OLD
from scoring.errors import InvalidInput, NotFound, Refused
from scoring.follow_up import FollowUpState
from scoring.messages import Post, Written
from scoring.replies import ReplyKind
from scoring.routing import Routing
from storage.columns import Row
from tests.builders import (
    NOW,
    a_case,
    a_contact,
    a_crm_job,
    a_draft,
    a_follow_up,
    a_reply,
    a_snapshot,
    a_trigger,
    an_account,
    an_intended,
    an_outreach,
    remember,
)
from tests.conftest import opened, postgres_connection
from tests.mail_world import DANA, World, a_world

CANARY = "quintacanary"
ADDRESS = f"{CANARY}@acme.test"
NAME = f"Quinta {CANARY.title()}"
WORDS = f"Dear Quinta, secret-{CANARY}-words"
TO = {"to_id": "quinta", "to_name": NAME, "to_email": ADDRESS.title()}
DAY = timedelta(days=1)


def everything(url: str) -> str:
    """All that stands in the database, as whoever copies it could read it: the file, or every row of every table."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = Path(str(parsed.database))
        return "".join(part.read_bytes().decode("latin-1") for part in file.parent.glob(f"{file.name}*")).lower()
    with postgres_connection(url) as db:
        rows = [str(db.execute(f"SELECT t::text FROM {kept.name} t").fetchall()) for kept in Row.metadata.sorted_tables]
        rows += [bytes(body).decode() for (body,) in db.execute("SELECT body FROM inbox_parcels").fetchall()]
    return "".join(rows).lower()


async def a_long_story(store: Any) -> World:
    """Quinta of Acme was written to, answered, bounced, and is written to again; the product told about her, too."""
    world = await a_world(store)
    await world.learn(
        a_contact("quinta", email=ADDRESS, name=NAME, title="Chief Quintacanary"),
        a_case("case-old", "acme", state=CaseState.CLOSED, closed_at=NOW, close_reason=f"{NAME} left"),
        a_draft("d-old", "case-old", **TO, subject=WORDS, body=WORDS, note=WORDS),
        a_draft("d-new", "case-1", version=2, **TO, subject=WORDS, body=WORDS),
        an_outreach("m-old", "case-old", draft_id="d-old", to_id="quinta", to_email=ADDRESS.title(),
                    state=OutreachState.SENT, claimed_at=NOW, sent_at=NOW, error=f"550 {ADDRESS}"),
        a_trigger(detail=f"{NAME} is gone"),
    )  # fmt: skip
    async with store() as work:
        await work.replies.add(a_reply("r-1", "m-old", case_id="case-old", from_email=ADDRESS, text=WORDS))
        await work.replies.add(
            a_reply("r-2", "m-old", case_id="case-old", kind=ReplyKind.BOUNCE, text=f"550 {ADDRESS}")
        )
        await work.follow_ups.add(a_follow_up("m-old", case_id="case-old", reason=f"{NAME} is away"))
        await work.intended.add(an_intended("i-1", **TO, subject=WORDS, body=WORDS))
        await work.outreach.suppress(ADDRESS, f"550 {ADDRESS}", NOW)
        await work.crm.add([a_crm_job("m-old", case_id="case-old", error=f"no contact {ADDRESS}")])
        await work.crm.keep_links("hubspot", CrmThing.PERSON, {"quinta": "hs-77"})
        await work.slack.say(Post("reply:r-1", "note", "", f"{NAME} answered: {WORDS}", case_id="case-old"))
        await work.slack.say(Post("digest-1", "digest", "UDANA", f"Write to {NAME}"))
        await work.flags.set("told", f"about {ADDRESS}")
        told = f'{{"email":"{ADDRESS}","name":"{NAME}"}}'
        await work.inbox.accept([
            Arrival("k1", Kind.PERSON, 1, "acme", "quinta", "acme.test", traits=told),
            Arrival("k2", Kind.USE, 1, "acme", "quinta", "acme.test", "report"),
        ])  # fmt: skip
        await work.inbox.settle(0, [Arrival("k3", Kind.USE, 1, "", ADDRESS, "other.test", "report")])
    return world


async def erase(world: World, who: str, *, account: bool = False) -> Forgotten:
    stage = Erase(world.store, world.clock, "a-salt")
    done = await (stage.account(who) if account else stage.contact(who))
    assert await world.store.scrub()
    return done


async def test_an_erased_contact_stands_nowhere_and_the_ledger_still_adds_up(any_url: str) -> None:
    async with opened(any_url) as store:
        world = await a_long_story(store)
        assert everything(any_url).count(CANARY) > 20
        before = await world.mail("case-old")

        done = await erase(world, ADDRESS.upper())

        assert done.left == ()
        assert CANARY not in everything(any_url)
        mail = await world.mail("case-old")
        assert replace(mail, to_email="", error="") == replace(before, to_email="", error="")
        async with store.reading() as work:
            kept = [(one.id, one.kind, one.received_at, one.text) for one in await work.replies.of_case("case-old")]
            assert kept == [("r-1", ReplyKind.ANSWER, NOW, ERASED), ("r-2", ReplyKind.BOUNCE, NOW, ERASED)]
            assert (await work.follow_ups.get("m-old")).state is FollowUpState.CANCELLED
            assert [(entry.action, entry.detail) for entry in await work.audit.newest(1)] == [
                ("contact erased", "quinta")
            ]
            assert first_break([link async for link in work.audit.chain()]) is None
            assert (await work.crm.get(a_crm_job("m-old").id)).state is CrmState.DISMISSED
            assert await work.inbox.backlog() == 1
        assert done.reach.crm_ids == ("hs-77",)
        untouched = (await world.draft()).from_email, (await world.case()).state
        assert untouched == ("dana@us.test", CaseState.OPEN)


async def test_who_was_erased_is_never_written_to_and_comes_back_by_no_import(store: Any) -> None:
    world = await a_long_story(store)
    await erase(world, "quinta")

    async with store() as work:
        await work.accounts.upsert_people(
            [a_contact("quinta", email=ADDRESS, name=NAME), a_contact("q2", email=ADDRESS)]
        )
        again = await work.accounts.person("quinta")
        assert (again.name, again.left, CANARY in again.email) == ("", True, False)
        assert await work.outreach.suppressed(f" {ADDRESS.upper()} ") == ERASED
        assert (await work.outreach.suppressed("kim@acme.test")) is None
        kim = await work.accounts.person("kim")
        assert (kim.name, kim.email) == ("Kim Novak", "kim@acme.test"), "who only answered is somebody else"
        assert await work.outreach.cases_without_draft() == ["case-1"], "the open case gets a draft for somebody else"
    assert not (await world.approve()).ok


async def test_an_approved_mail_is_stopped_and_one_under_way_refuses_the_erasure(store: Any) -> None:
    world = await a_world(store)
    assert (await world.approve()).ok
    sent = await world.mail()
    async with store() as work:
        await work.outreach.move(sent.id, OutreachState.APPROVED, OutreachState.SENDING, claimed_at=world.now)
    with pytest.raises(Refused, match="settle it on its card"):
        await erase(world, "kim@acme.test")
    assert (await world.draft()).to_email == "kim@acme.test"

    async with store() as work:
        await work.outreach.move(sent.id, OutreachState.SENDING, OutreachState.APPROVED, claimed_at=None)
    await erase(world, "kim@acme.test")
    await world.later(seconds=11).sweep().run()

    assert world.mailer.mails == []
    assert ((await world.mail()).state, (await world.case()).state) == (OutreachState.STOPPED, CaseState.OPEN)


@dataclass
class SlowWriter:
    """A model that is still writing while something else happens."""

    meanwhile: Callable[[], Awaitable[object]]

    async def write(self, **_: Any) -> Written:
        await self.meanwhile()
        return Written("Hello", WORDS, origin="a model", prompt_version="1")


async def test_a_draft_that_was_being_written_while_they_were_erased_is_not_kept(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        world = await a_world(store)
        await remember(store, an_account("bolt"), a_contact("quinta", "bolt", email=ADDRESS, name=NAME),
                       a_snapshot("bolt"), a_case("case-bolt", "bolt"))  # fmt: skip
        writer = SlowWriter(lambda: erase(world, ADDRESS))

        assert await Drafting(store, writer, Routing("#cs"), world.clock).write_missing_drafts() == 0

        assert CANARY not in everything(sqlite_url)


async def test_what_only_looks_like_them_is_left_alone(store: Any) -> None:
    world = await a_world(store)
    near = "ask big.kim@acme.test, kim@acme.test.au, Kim Novakova; not <KIM@acme.test>, and not Kim Novak."
    async with store() as work:
        await work.slack.say(Post("p-1", "digest", "UDANA", near))

    for nonsense in ("@", "kim@", "Kim <kim@acme.test>"):
        with pytest.raises(InvalidInput):
            await erase(world, nonsense)
    assert (await erase(world, "kim@acme.test")).left == ()

    async with store.reading() as work:
        [post] = [post for post in await work.slack.posts_due(NOW + DAY) if post.key == "p-1"]
    assert post.body == (f"ask big.kim@acme.test, kim@acme.test.au, Kim Novakova; not <{ERASED}>, and not {ERASED}.")


async def test_colleagues_and_strangers_are_not_erased(store: Any) -> None:
    world = await a_world(store)
    for who, fault in (("dana@us.test", Refused), ("csm-dana", Refused), ("nobody", NotFound)):
        with pytest.raises(fault, match="Nothing was erased"):
            await erase(world, who)
    with pytest.raises(NotFound, match="Nothing was erased"):
        await erase(world, "nobody", account=True)
    assert (await erase(world, "stranger@else.test")).people == 0


async def test_an_erased_account_is_gone_with_its_people_and_the_others_stay(any_url: str) -> None:
    async with opened(any_url) as store:
        world = await a_long_story(store)
        await remember(
            store, an_account("bolt", name="Bolt"), a_contact("bea", "bolt", name=NAME), a_snapshot("bolt"),
            a_case("case-bolt", "bolt"), a_draft("d-bolt", "case-bolt", account_id="bolt", to_id="bea", to_name=NAME,
                    to_email="bea@bolt.test", body="Hello"), a_contact("kim-2", "bolt", email="kim@acme.test"),
        )  # fmt: skip
        async with store() as work:
            await work.accounts.upsert(
                [replace(an_account(), name="Orchid Works", domain="orchid.test", goal="Orchid Works")]
            )
            await work.slack.say(Post("d-2", "digest", "UDANA", "Look at Orchid Works and Bolt"))

        assert (await erase(world, "acme", account=True)).left == ()

        left = everything(any_url)
        assert [word for word in ("orchid", ADDRESS, "shall we look", "secret-") if word in left] == []
        assert ((await world.case()).state, (await world.draft("case-bolt")).to_name) == (CaseState.CLOSED, NAME)
        async with store.reading() as work:
            assert [one.id for one in await work.accounts.contacts_at(["kim@acme.test"])] == ["kim-2"]
            assert (await work.accounts.get("acme")).churned_on == world.now.date()
            assert [post.body for post in await work.slack.posts_due(NOW + DAY) if post.key == "d-2"] == [
                f"Look at {ERASED} and Bolt"
            ]


async def test_the_command_proves_what_is_gone_and_names_where_else_it_is(sqlite_url: str, tmp_path: Path) -> None:
    async with opened(sqlite_url) as store:
        await a_long_story(store)
        async with store() as work:
            await work.slack.want_card("case-old", channel="#cs")
            await work.slack.card_done("case-old", posted=1, channel="C1", ts="17.5", at=NOW)
    ours = DemoSettings(database_url=sqlite_url, LOOKOUT_HOME=tmp_path / "home")

    said = await erased(ours, "contact", ADDRESS)

    assert said.startswith("Erased: 1 person, 1 mail and 2 answers, with the drafts, notes and remarks of 2 cases.")
    assert "Proof: no address and no full name of theirs stands in any text" in said
    assert "these cards (channel, message): C1 17.5" in said
    assert "- CRM: the records hs-77" in said
    assert CANARY not in everything(sqlite_url)


async def test_words_older_than_they_are_kept_go_and_what_happened_stays(any_store: Any) -> None:
    world = await a_long_story(any_store)
    sweep = OldTexts(any_store, world.clock, keep_days=180)
    async with any_store() as work:
        await work.slack.post_done("reply:r-1", NOW)
    assert await sweep.run() == 0

    world.later(days=181)
    assert await sweep.run() == 5
    assert await sweep.run() == 0

    async with any_store.reading() as work:
        replies = await work.replies.of_case("case-old")
        assert [(one.text, one.from_email) for one in replies] == [(OLD, ADDRESS), (OLD, "kim@acme.test")]
        assert (await work.outreach.draft("d-old")).body == OLD
        assert (await work.outreach.draft("d-new")).body == WORDS, "its case is live: somebody may yet send it"
    assert (await world.mail("case-old")).state is OutreachState.SENT
    assert (await world.approve(DANA)).ok is False
