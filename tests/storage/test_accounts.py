"""Who is watched: found by whatever a person or a system knows of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.errors import NotFound
from scoring.model import Account, Person
from tests.builders import NOW, TODAY, a_contact, a_csm, a_milestone, a_ticket, an_account, remember
from tests.thoroughness import examples

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


async def test_accounts_come_by_name_and_are_replaced_as_a_whole(any_store):
    await remember(any_store, an_account("b", name="Beta"), an_account("a", name="Zeta"))
    await remember(any_store, an_account("a", name="Alpha", arr=None), an_account("a", name="Alpha", arr=5))

    async with any_store() as work:
        assert [account.name for account in await work.accounts.all()] == ["Alpha", "Beta"]
        assert (await work.accounts.get("a")).arr == 5
        assert await work.accounts.get("nobody") is None


async def test_nothing_to_store_is_stored(any_store):
    await remember(any_store)

    async with any_store() as work:
        assert await work.accounts.all() == []
        assert await work.accounts.people([]) == {}


async def test_thousands_of_accounts_and_people_land_in_one_go(any_store):
    people = [a_contact(f"p{number}", "acme") for number in range(2_500)]
    await remember(any_store, *(an_account(f"a{number}") for number in range(2_500)), *people)

    async with any_store() as work:
        assert len(await work.accounts.all()) == 2_500
        assert len(await work.accounts.people(person.id for person in [*people, *people])) == 2_500


async def test_an_account_is_given_to_a_csm(any_store):
    await remember(any_store, an_account())

    async with any_store() as work:
        await work.accounts.assign("acme", "csm-lee")
        assert (await work.accounts.get("acme")).csm_id == "csm-lee"
        with pytest.raises(NotFound, match="nobody"):
            await work.accounts.assign("nobody", "csm-lee")


async def test_contacts_come_with_the_primary_one_first_and_those_who_left_last(any_store):
    await remember(
        any_store,
        a_contact("gone", name="A", left=True),
        a_contact("second", name="B", primary=False),
        a_contact("first", name="C"),
        a_contact("stranger", "other"),
        a_csm(account_id="acme"),
    )

    async with any_store() as work:
        assert [person.id for person in await work.accounts.contacts("acme")] == ["first", "second", "gone"]


async def test_a_csm_is_found_by_address_whatever_its_capitals(any_store):
    await remember(any_store, a_csm(email="Dana.Reyes@US.test"), a_contact("kim", email="kim@acme.test"))

    async with any_store() as work:
        assert (await work.accounts.csm_by_email(" dana.reyes@us.TEST ")).id == "csm-dana"
        assert await work.accounts.csm_by_email("kim@acme.test") is None
        assert await work.accounts.csm_by_email("") is None


async def test_a_csm_who_is_still_here_is_found_before_one_who_left(any_store):
    await remember(any_store, a_csm("csm-a", email="x@us.test", left=True), a_csm("csm-b", email="x@us.test"))

    async with any_store() as work:
        assert (await work.accounts.csm_by_email("x@us.test")).id == "csm-b"
        assert [csm.id for csm in await work.accounts.csms()] == ["csm-b", "csm-a"]


async def test_a_person_without_an_address_or_slack_user_is_nobody_in_particular(any_store):
    await remember(any_store, a_csm(email="", slack_id=""))

    async with any_store() as work:
        assert await work.accounts.csm_by_email("") is None
        assert await work.accounts.csm_by_slack_id("") is None


async def test_a_slack_user_belongs_to_one_person(any_store):
    await remember(any_store, a_csm(), a_csm("csm-lee", timezone="UTC"))

    async with any_store() as work:
        await work.accounts.link_slack("csm-lee", "UDANA", "Asia/Tokyo")
        found = await work.accounts.csm_by_slack_id("UDANA")
        assert (found.id, found.timezone) == ("csm-lee", "Asia/Tokyo")
        assert (await work.accounts.person("csm-dana")).slack_id == ""
        with pytest.raises(NotFound):
            await work.accounts.link_slack("nobody", "U1", "UTC")


async def test_an_import_keeps_what_lookout_learned_by_itself(any_store):
    await remember(any_store, a_csm(first_seen_on=TODAY))

    await remember(any_store, a_csm(slack_id="", timezone="", first_seen_on=None, title="Lead"))

    async with any_store() as work:
        assert await work.accounts.person("csm-dana") == a_csm(first_seen_on=TODAY, title="Lead")


async def test_an_import_may_change_what_it_knows_better(any_store):
    await remember(any_store, a_csm())

    await remember(any_store, a_csm(slack_id="UNEW", timezone="Asia/Tokyo", email="new@us.test"))

    async with any_store() as work:
        assert (await work.accounts.csm_by_email("new@us.test")).slack_id == "UNEW"
        assert await work.accounts.csm_by_email("dana@us.test") is None


async def test_milestones_are_one_for_each_account_and_name(any_store):
    await remember(any_store, a_milestone(due_on=TODAY), a_milestone(name="first report"), a_milestone("zeta"))
    await remember(any_store, a_milestone(due_on=TODAY, done_on=TODAY))

    async with any_store() as work:
        assert await work.accounts.milestones() == [
            a_milestone(name="first report"),
            a_milestone(due_on=TODAY, done_on=TODAY),
            a_milestone("zeta"),
        ]


async def test_only_open_tickets_count_oldest_first(any_store):
    old = a_ticket("t-0", opened_at=NOW - timedelta(days=2))
    await remember(any_store, a_ticket(), old, a_ticket("t-2", closed_at=NOW), a_ticket("t-3", "other"))

    async with any_store() as work:
        assert await work.accounts.open_tickets("acme") == [old, a_ticket()]
        assert set(await work.accounts.tickets(["t-2", "t-0", "t-9"])) == {"t-2", "t-0"}
        await work.accounts.upsert_tickets([replace(old, closed_at=NOW)])
        assert await work.accounts.open_tickets("acme") == [a_ticket()]


@given(name=WORDS, goal=WORDS, arr=st.none() | st.integers(-(2**62), 2**62), day=st.none() | st.dates(date(1, 1, 1)))
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_any_account_comes_back_as_it_went(any_store, name, goal, arr, day):
    account = Account("x", name, goal=goal, arr=arr, created_on=day, renewal_on=day)
    async with any_store() as work:
        await work.accounts.upsert([account])
        assert await work.accounts.get("x") == account


@given(name=WORDS, email=WORDS, title=WORDS)
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_any_person_comes_back_as_they_went(any_store, name, email, title):
    person = replace(a_contact("x"), name=name, email=email, title=title)
    async with any_store() as work:
        await work.accounts.upsert_people([person])
        assert await work.accounts.person("x") == person
        assert isinstance(await work.accounts.person("x"), Person)


async def test_names_are_every_account_by_name_and_some_are_those_asked_for(any_store):
    await remember(any_store, an_account("b", name="Zeta"), an_account("a", name="Alpha", domain="alpha.test"))

    async with any_store() as work:
        assert await work.accounts.names() == [("a", "Alpha", "alpha.test"), ("b", "Zeta", "b.test")]
        assert (await work.accounts.some(["b", "nobody"])).keys() == {"b"}


async def test_the_version_of_names_changes_with_every_change_of_accounts(any_store):
    async with any_store() as work:
        versions = [await work.accounts.names_version()]
        for name in ("Acme", "Acme", "Acne"):
            await work.accounts.upsert([an_account(name=name)])
            versions.append(await work.accounts.names_version())
        await work.accounts.upsert([])

    assert len(set(versions)) == 4
    async with any_store.reading() as work:
        assert await work.accounts.names_version() == versions[-1]
