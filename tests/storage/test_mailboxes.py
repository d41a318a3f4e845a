"""An address has one mailbox, and two who change its secrets at once do not lose one of them."""

from __future__ import annotations

from dataclasses import replace

from scoring.mailboxes import Access, MailboxKind
from tests.builders import a_mailbox, remember


async def test_a_mailbox_is_kept_as_it_was_given_and_found_however_its_address_is_written(any_store):
    access = Access(client_id="app", tenant="us.test", plus=True, imap_port=1993, copies=False)
    dana = a_mailbox("Dana@us.test", kind=MailboxKind.GRAPH, access=access, sealed="grün")
    await remember(any_store, a_mailbox("zoe@us.test"), dana)

    async with any_store.reading() as work:
        assert await work.mailboxes.of(" dana@US.test ") == dana
        assert await work.mailboxes.of("nobody@us.test") is None
        assert [box.email for box in await work.mailboxes.all()] == ["Dana@us.test", "zoe@us.test"]


async def test_a_mailbox_that_is_added_again_replaces_the_old_one(any_store):
    await remember(any_store, a_mailbox("dana@us.test", sealed="old"))
    again = a_mailbox("DANA@us.test", sealed="new")
    await remember(any_store, again)

    async with any_store() as work:
        assert await work.mailboxes.all() == [again]
        assert await work.mailboxes.remove("dana@us.test")
        assert not await work.mailboxes.remove("dana@us.test")
        assert await work.mailboxes.all() == []


async def test_a_secret_changes_only_if_nobody_changed_it_since_it_was_read(any_store):
    dana = a_mailbox("dana@us.test", sealed="first")
    await remember(any_store, dana, a_mailbox("zoe@us.test", sealed="first"))

    async with any_store() as work:
        assert await work.mailboxes.reseal("Dana@us.test", was="first", sealed="second")
        assert not await work.mailboxes.reseal("dana@us.test", was="first", sealed="third")
        assert not await work.mailboxes.reseal("nobody@us.test", was="first", sealed="third")
        assert await work.mailboxes.of("dana@us.test") == replace(dana, sealed="second")
        assert await work.mailboxes.of("zoe@us.test") == a_mailbox("zoe@us.test", sealed="first")


def test_what_is_sealed_is_not_shown_with_a_mailbox():
    assert "gAAAA" not in repr(a_mailbox(sealed="gAAAA-secret"))
