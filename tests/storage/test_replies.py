"""What came back is kept once, only answers count as one, and a mailbox is read on from where it was left."""

from __future__ import annotations

from datetime import timedelta

from scoring.replies import ReadUpTo, ReplyKind
from tests.builders import NOW, a_case, a_contact, a_csm, a_draft, a_reply, an_account, an_outreach, remember

HOUR = timedelta(hours=1)
TOKEN = "0123456789abcdef"


async def a_sent_mail(store):
    mail = an_outreach(message_id=f"<{TOKEN}0123@us.test>")
    await remember(store, an_account(), a_csm(), a_contact(), a_case(), a_draft(), mail)
    return mail


async def test_a_reply_is_kept_once(any_store):
    await a_sent_mail(any_store)
    async with any_store() as work:
        assert await work.replies.add(a_reply())
        assert not await work.replies.add(a_reply(text="the same mail again"))
        assert await work.replies.of_case("case-1") == [a_reply()]
        assert await work.replies.of_case("case-2") == []
        assert await work.replies.since(NOW) == [a_reply()]
        assert await work.replies.since(NOW + HOUR) == []


async def test_only_a_person_who_writes_or_says_so_counts_as_an_answer(any_store):
    await a_sent_mail(any_store)
    no_answers = (ReplyKind.AUTO, ReplyKind.BOUNCE, ReplyKind.DELAYED)
    for n, kind in enumerate(no_answers):
        await remember(any_store, a_reply(f"reply-{n}", kind=kind))
    async with any_store.reading() as work:
        assert await work.replies.last_answer_at("acme") is None

    await remember(any_store, a_reply("later", kind=ReplyKind.ELSEWHERE, received_at=NOW + HOUR), a_reply("sooner"))

    async with any_store.reading() as work:
        assert await work.replies.last_answer_at("acme") == NOW + HOUR
        assert await work.replies.last_answer_at("other") is None


async def test_a_mail_is_found_by_its_message_id_and_by_its_token(any_store):
    mail = await a_sent_mail(any_store)
    async with any_store.reading() as work:
        assert await work.outreach.by_message_ids(["<other@x.test>", mail.message_id]) == {mail.message_id: mail}
        assert await work.outreach.by_message_ids([]) == {}
        assert await work.outreach.by_token(TOKEN) == mail
        assert await work.outreach.by_token("%") is None


async def test_a_mailbox_is_read_on_from_where_it_was_left(any_store):
    async with any_store() as work:
        assert await work.replies.read_up_to("ana@us.test") is None
        await work.replies.have_read(ReadUpTo("ana@us.test", 4_294_967_295, 12))
        await work.replies.have_read(ReadUpTo("ana@us.test", 4_294_967_295, 13))
        assert await work.replies.read_up_to("ana@us.test") == ReadUpTo("ana@us.test", 4_294_967_295, 13)
        assert await work.replies.read_up_to("ben@us.test") is None
