"""Forgets a contact or an account when they ask for it: texts and addresses go, the facts of the ledger stay (J10)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.loop.erase_records import ErasingStore, ErasingWork
from bot.loop.outcome import Outcome
from bot.loop.ports import Clock
from bot.loop.saying import show
from scoring.addresses import is_one, one_address
from scoring.casework import LIVE_STATES, LOOKOUT, AuditEntry, CaseState, OutreachState
from scoring.erasure import REASON, SALT_FLAG, Reach, Scope
from scoring.errors import NotFound, Refused
from scoring.follow_up import FollowUpState
from scoring.model import Person, Role

OPERATOR = "operator at the command line"
UNDER_WAY = (
    "A mail of case {case} is being sent, or nobody knows yet whether it arrived. Nothing was erased: settle it on its "
    "card, then run this again."
)
NOBODY = "Lookout knows no contact with the id {who}. Nothing was erased; give an e-mail address or the id of a person."
NO_ACCOUNT = "Lookout knows no account with the id {who}. Nothing was erased."
A_COLLEAGUE = "{who} is one of your own CSMs, whose decisions the audit names by id. Nothing was erased."
IN_FLIGHT = frozenset({OutreachState.SENDING, OutreachState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, where else it is known, and in which `table.column` a trace is `left`, if any."""

    reach: Reach
    people: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erase:
    """One transaction: everything is forgotten, or nothing. `salt` becomes the key of all hashes, the first time."""

    store: ErasingStore
    clock: Clock
    salt: str

    async def contact(self, who: str) -> Forgotten:
        """Forget a person, by address or id, at every account where they are known.

        Raises:
            InvalidInput: it is no address.
            NotFound: nobody has that id.
            Refused: they are one of our people, or a mail to them is under way.
        """
        async with self.store() as work:
            person = await work.accounts.person(who)
            colleague = person or await work.accounts.csm_by_email(who)
            if colleague is not None and colleague.role is Role.CSM:
                raise Refused(A_COLLEAGUE.format(who=who))
            if person is None and "@" not in who:
                raise NotFound(NOBODY.format(who=who))
            address = person.email.strip().lower() if person else one_address(who).lower()
            people = await work.accounts.contacts_at([address]) if address else []
            people += [person] if person and person.id not in {one.id for one in people} else []
            scope = _scope(people, address)
            reach = await self._forget(work, scope)
        return await self._proved(scope, reach, len(people))

    async def account(self, account_id: str) -> Forgotten:
        """Forget an account with all its contacts; its cases end, and it is watched no more.

        Raises:
            NotFound: there is no such account.
            Refused: a mail to it is under way.
        """
        async with self.store() as work:
            account = await work.accounts.get(account_id)
            if account is None:
                raise NotFound(NO_ACCOUNT.format(who=account_id))
            people = await work.accounts.contacts(account_id)
            elsewhere = await work.accounts.contacts_at([person.email for person in people])
            shared = {one.email.strip().lower() for one in elsewhere if one.account_id != account_id}
            scope = _scope(people, "", account_id=account_id, name=account.name, shared=shared)
            reach = await self._forget(work, scope)
        return await self._proved(scope, reach, len(people))

    async def _proved(self, scope: Scope, reach: Reach, people: int) -> Forgotten:
        """Look through everything once more, while others may write again."""
        async with self.store.reading() as work:
            left = await work.mentions.where(reach.addresses, scope.people, belongs=_belongs(scope, reach))
        return Forgotten(reach, people, tuple(left))

    async def _forget(self, work: ErasingWork, scope: Scope) -> Reach:
        now, reach = self.clock(), await work.erasure.reach(scope)
        held = next((mail for mail in reach.mails if mail.state in IN_FLIGHT), None)
        if held is not None:
            raise Refused(UNDER_WAY.format(case=held.case_id))
        await work.flags.claim(SALT_FLAG, self.salt)
        await work.erasure.forget(scope, reach, await work.flags.get(SALT_FLAG) or self.salt, now)
        await work.mentions.clear(reach.addresses, scope.telling, belongs=_belongs(scope, reach))
        await self._stop(work, reach, now)
        if scope.account_id:
            await self._end(work, scope.account_id, now)
        for case_id in reach.case_ids:
            await show(work, case_id)
        what = "account erased" if scope.account_id else "contact erased"
        ids = " ".join(scope.person_ids)
        await work.audit.add(AuditEntry(now, OPERATOR, what, scope.account_id, detail=ids))
        return reach

    async def _stop(self, work: ErasingWork, reach: Reach, now: datetime) -> None:
        """No mail leaves to whom we do not know any more, and none follows one up."""
        outcome = Outcome(work, now, "")
        for one in reach.mails:
            mail = await work.outreach.get(one.id)
            if mail is not None and mail.state is OutreachState.APPROVED:
                await outcome.stopped(mail, f"The contact is not known any more: {REASON}.")
            waiting = await work.follow_ups.get(one.id)
            if waiting is not None and waiting.state is FollowUpState.WAITING:
                await work.follow_ups.move(
                    one.id, FollowUpState.CANCELLED, reason=REASON, changed_by=LOOKOUT, changed_at=now
                )

    async def _end(self, work: ErasingWork, account_id: str, now: datetime) -> None:
        """The account is a customer no more, so nothing about it is scored, told or sent."""
        account, case = await work.accounts.get(account_id), await work.cases.live_of(account_id)
        if account is not None:
            await work.accounts.upsert([replace(account, churned_on=account.churned_on or now.date())])
        if case is not None and case.state in LIVE_STATES:
            ended = replace(
                case,
                state=CaseState.CLOSED,
                closed_at=now,
                close_reason=f"The account is not known any more: {REASON}.",
                snoozed_until=None,
                version=case.version + 1,
                changed_by=LOOKOUT,
                changed_at=now,
            )
            await work.cases.save(ended, expected=case.version)


def _belongs(scope: Scope, reach: Reach) -> tuple[str, ...]:
    """In whose texts a name means them."""
    return (*scope.account_ids, *reach.case_ids)


def _scope(
    people: list[Person], address: str, *, account_id: str = "", name: str = "", shared: Collection[str] = ()
) -> Scope:
    """Whom to forget; whoever is a contact elsewhere, too, keeps the `shared` address there."""
    known = [address, *(person.email.strip().lower() for person in people)]
    addresses = dict.fromkeys(one for one in known if one not in shared and is_one(one))
    accounts = dict.fromkeys([account_id, *(person.account_id or "" for person in people)])
    return Scope(
        person_ids=tuple(person.id for person in people),
        addresses=tuple(filter(None, addresses)),
        names=tuple(dict.fromkeys(person.name.strip() for person in people)),
        account_id=account_id,
        account_name=name,
        account_ids=tuple(filter(None, accounts)),
    )
