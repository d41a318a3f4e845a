"""Drafts are numbered and kept; a mail is claimed once, and what was approved does not change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scoring.casework import OUTREACH_MOVES, CaseState, Finding, OutreachState
from scoring.erasure import ERASED, SALT_FLAG, pseudonym
from scoring.errors import TooLate
from scoring.mail_plan import Dealings
from scoring.replies import ReplyKind
from storage.errors import ConstraintBroken, IllegalMove
from storage.tables import IN_FLIGHT
from tests.builders import NOW, a_case, a_draft, a_reply, a_ticket, an_account, an_outreach, remember

LATER = NOW + timedelta(hours=1)
APPROVED, SENDING, SENT = OutreachState.APPROVED, OutreachState.SENDING, OutreachState.SENT


def a_mail(state=APPROVED, **more):
    """A mail in any state, with the instants that the state needs."""
    return an_outreach(state=state, **{"claimed_at": NOW, "sent_at": NOW} | more)


async def a_cases_ground(store, *, number=1):
    """Accounts, cases and drafts for mails to belong to."""
    for n in range(1, number + 1):
        account = "acme" if n == 1 else f"a{n}"
        await remember(
            store,
            an_account(account),
            a_case(f"case-{n}", account, opened_at=NOW + timedelta(minutes=n)),
            a_draft(f"draft-{n}", f"case-{n}"),
        )


async def test_a_version_of_a_draft_is_never_overwritten(any_store):
    await a_cases_ground(any_store)
    second = a_draft("draft-2", version=2, findings=(Finding("R47", "A price: “20 %”."),), fact_ids=("score", "seats"))

    async with any_store() as work:
        assert await work.outreach.add_draft(second)
        assert not await work.outreach.add_draft(a_draft("draft-3", version=2, body="other"))
        assert await work.outreach.latest_draft("case-1") == second
        assert await work.outreach.draft("draft-1") == a_draft()
        assert await work.outreach.drafts("case-1") == [a_draft(), second]
        assert await work.outreach.latest_draft("case-9") is None
        assert (await work.outreach.draft("draft-2")).content_hash == second.content_hash


async def test_open_cases_wait_for_a_draft_the_oldest_first(any_store):
    await a_cases_ground(any_store)
    waiting = [a_case(f"w{n}", f"w{n}", opened_at=NOW - timedelta(days=n)) for n in range(3)]
    snoozed = a_case("s", "s", state=CaseState.SNOOZED)
    await remember(any_store, *(an_account(case.account_id) for case in [*waiting, snoozed]), *waiting, snoozed)

    async with any_store() as work:
        assert await work.outreach.cases_without_draft() == ["w2", "w1", "w0"]


async def test_a_draft_for_an_address_that_is_closed_counts_as_none(any_store):
    await a_cases_ground(any_store)
    await remember(any_store, a_draft("draft-2", version=2, to_email="Kim@acme.test"))
    async with any_store() as work:
        assert await work.outreach.cases_without_draft() == []
        await work.outreach.suppress(" kim@ACME.test", "it bounced", NOW)
        assert await work.outreach.cases_without_draft() == ["case-1"]
        await work.outreach.add_draft(a_draft("draft-3", version=3, to_email="pat@acme.test"))
        assert await work.outreach.cases_without_draft() == []


@pytest.mark.parametrize("state", OutreachState)
async def test_a_case_has_one_mail_on_its_way(store, state):
    await a_cases_ground(store)
    await remember(store, a_mail(state))

    if state in IN_FLIGHT:
        with pytest.raises(TooLate, match="already has a mail"):
            await remember(store, an_outreach("mail-2"))
    else:
        await remember(store, an_outreach("mail-2"))


async def test_a_refused_second_mail_leaves_the_rest_of_the_transaction_usable(any_store):
    await a_cases_ground(any_store)
    await remember(any_store, an_outreach())

    async with any_store() as work:
        with pytest.raises(TooLate):
            await work.outreach.add(an_outreach("mail-2"))
        await work.flags.set("seen", "yes")

    async with any_store() as work:
        assert await work.flags.get("seen") == "yes"


async def test_a_message_id_is_used_once(any_store):
    await a_cases_ground(any_store, number=2)
    await remember(any_store, a_mail(SENT))

    with pytest.raises(ConstraintBroken):
        await remember(any_store, an_outreach("mail-2", "case-2", message_id=a_mail().message_id))


@pytest.mark.parametrize("old", OutreachState)
async def test_a_mail_moves_only_as_the_table_of_moves_allows(store, old):
    await a_cases_ground(store, number=len(OutreachState))
    mails = {new: {"id": new, "case_id": f"case-{n}"} for n, new in enumerate(OutreachState, 1)}
    await remember(store, *(a_mail(old, **mail) for mail in mails.values()))

    async with store() as work:
        for new, mail in mails.items():
            if new in OUTREACH_MOVES[old]:
                assert await work.outreach.move(new, old, new, error="because") == a_mail(new, error="because", **mail)
            else:
                with pytest.raises(IllegalMove, match=f"from {old} to {new}"):
                    await work.outreach.move(new, old, new)
            assert (await work.outreach.get(new)).state == (new if new in OUTREACH_MOVES[old] else old)


async def test_the_second_claim_comes_too_late(any_store):
    await a_cases_ground(any_store)
    await remember(any_store, an_outreach())

    async with any_store() as work:
        claimed = await work.outreach.move("mail-1", APPROVED, SENDING, claimed_at=NOW, attempts=1)
        assert claimed == an_outreach(state=SENDING, claimed_at=NOW, attempts=1)
        assert await work.outreach.move("mail-1", APPROVED, SENDING, claimed_at=NOW) is None
        assert await work.outreach.move("mail-1", APPROVED, OutreachState.UNDONE) is None
        assert await work.outreach.move("unknown", APPROVED, SENDING, claimed_at=NOW) is None


async def test_a_claim_says_when_it_was_made(any_store):
    await a_cases_ground(any_store)
    await remember(any_store, an_outreach())

    with pytest.raises(ConstraintBroken):
        async with any_store() as work:
            await work.outreach.move("mail-1", APPROVED, SENDING)


@pytest.mark.parametrize("change", [{"to_email": "evil@x.test"}, {"content_hash": "other"}, {"nonsense": 1}])
async def test_what_was_approved_cannot_be_changed_on_the_way(any_store, change):
    await a_cases_ground(any_store)
    await remember(any_store, an_outreach())

    async with any_store() as work:
        with pytest.raises(IllegalMove, match="cannot change"):
            await work.outreach.move("mail-1", APPROVED, SENDING, claimed_at=NOW, **change)
        assert await work.outreach.get("mail-1") == an_outreach()


async def test_a_mail_is_due_when_its_time_has_come(any_store):
    await a_cases_ground(any_store, number=3)
    early = an_outreach("early", "case-2", not_before=NOW - timedelta(hours=2))
    late = an_outreach("late", "case-3", not_before=NOW + timedelta(microseconds=1))
    await remember(any_store, an_outreach(), early, late)

    async with any_store() as work:
        assert await work.outreach.due(NOW) == [early, an_outreach()]
        await work.outreach.move("early", APPROVED, SENDING, claimed_at=NOW)
        assert await work.outreach.due(NOW) == [an_outreach()]


async def test_a_claim_that_nobody_finished_is_found(any_store):
    await a_cases_ground(any_store, number=2)
    old = an_outreach(state=SENDING, claimed_at=NOW - timedelta(minutes=5))
    await remember(any_store, old, an_outreach("fresh", "case-2", state=SENDING, claimed_at=NOW))

    async with any_store() as work:
        assert await work.outreach.stale_claims(NOW) == [old]


async def test_the_last_mail_to_an_address_counts_over_all_accounts(any_store):
    await a_cases_ground(any_store, number=4)
    sent = an_outreach("sent", account_id="acme", state=SENT, sent_at=NOW, to_email="Kim@Acme.test")
    maybe = an_outreach("maybe", "case-2", account_id="a2", state=OutreachState.UNCERTAIN, claimed_at=LATER)
    undone = an_outreach("undone", "case-3", account_id="a3", state=OutreachState.UNDONE, approved_at=LATER)
    waiting = an_outreach("waiting", "case-4", account_id="a4")
    await remember(any_store, sent, maybe, undone, waiting)

    async with any_store() as work:
        assert await work.outreach.dealings("kim@acme.TEST", "acme") == Dealings(wrote_there_at=LATER, wrote_at=NOW)
        assert await work.outreach.dealings("lee@acme.test", "a4") == Dealings()
        assert await work.outreach.last_for("acme") == sent
        assert await work.outreach.last_for("a2") == maybe
        assert await work.outreach.last_for("a3") is None
        assert await work.outreach.last_for("a4") is None


async def test_what_speaks_against_a_mail_is_known_of_its_address_and_its_account_alone(any_store):
    await a_cases_ground(any_store, number=2)
    early = NOW - timedelta(days=1)
    tickets = [
        a_ticket("old", opened_at=early),
        a_ticket("new"),
        a_ticket("solved", opened_at=LATER, closed_at=LATER),
        a_ticket("theirs", "a2", opened_at=LATER),
    ]
    replies = [
        a_reply("answer", received_at=early),
        a_reply("machine", kind=ReplyKind.AUTO, received_at=LATER),
        a_reply("theirs", account_id="a2", received_at=LATER),
    ]
    await remember(any_store, an_outreach(state=SENT, sent_at=early), *tickets, *replies)

    async with any_store() as work:
        await work.outreach.suppress("lee@acme.test", "bounced", NOW)
        asked = await work.outreach.dealings(" Lee@Acme.test", "acme")
        assert asked == Dealings("bounced", wrote_at=early, answered_at=early, ticket_at=NOW)


async def test_an_erased_address_speaks_against_a_mail_by_its_hash_alone(any_store):
    await remember(any_store, an_account())
    async with any_store() as work:
        await work.flags.set(SALT_FLAG, "salt")
        await work.outreach.suppress(pseudonym("kim@acme.test", "salt"), ERASED, NOW)

        assert (await work.outreach.dealings("KIM@acme.test", "acme")).suppressed == ERASED
        assert (await work.outreach.dealings("lee@acme.test", "acme")).suppressed is None


async def test_what_was_sent_lately_is_known_with_the_newest_mail_of_each_account(any_store):
    await a_cases_ground(any_store, number=3)
    old = an_outreach("old", account_id="acme", state=SENT, sent_at=NOW - timedelta(days=8))
    first = an_outreach("first", "case-2", account_id="a2", state=SENT, sent_at=NOW)
    newer = an_outreach("newer", "case-2", account_id="a2", state=SENT, sent_at=LATER)
    maybe = an_outreach("maybe", "case-3", account_id="a3", state=OutreachState.UNCERTAIN, claimed_at=NOW)
    await remember(any_store, old, newer, first, maybe)

    async with any_store() as work:
        assert await work.outreach.sent_since(NOW - timedelta(days=7)) == {"a2": newer}


async def test_the_latest_mail_of_a_case_is_the_one_approved_last(any_store):
    await a_cases_ground(any_store)
    failed = an_outreach("z-first", state=OutreachState.FAILED)
    second = an_outreach("a-second", approved_at=LATER)
    await remember(any_store, failed, second)

    async with any_store() as work:
        assert await work.outreach.latest_of("case-1") == second
        assert await work.outreach.latest_of("case-9") is None


async def test_a_suppressed_address_stays_so_whatever_its_capitals(any_store):
    async with any_store() as work:
        await work.outreach.suppress("Kim@Acme.test ", "asked us to stop", NOW)
        await work.outreach.suppress("kim@acme.test", "bounced", LATER)
        assert await work.outreach.suppressed("KIM@acme.test") == "asked us to stop"
        assert await work.outreach.suppressed("lee@acme.test") is None
