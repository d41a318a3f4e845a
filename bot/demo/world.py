"""Sixty invented customers with known fates, and everything they do: half a year of it, and each further day on demand.

The same seed and first day give the same world, whatever order the days are asked in.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.demo.fates import STORIES, Fate, Kind
from bot.demo.names import ANSWERS, COMPANIES, FIRST, GOALS, HOUSE, LAST, TITLES
from bot.demo.uses import Habits, columns, habits_of
from scoring.model import Account, Milestone, Person, Role

ZONE = "Europe/Berlin"
PAST_DAYS = 180
NEVER_ONBOARDED = {Kind.STUCK, Kind.GIVES_UP}
GAVE_UP_AFTER = 45
TIERS = ("growth", "enterprise")
KEENNESS = (0.75, 1.5)
FULL_HOUSE = {"growth": 8, "enterprise": 16}
ONBOARDING = "Onboarding finished"
CONNECT = "Connect your data"
SHARE = "First report shared"

CSMS = (
    Person(
        id="csm-ana", role=Role.CSM, name="Ana Ruiz", email=f"ana@{HOUSE}", timezone=ZONE, slack_id="U0ANA", lead=True
    ),
    Person(id="csm-ben", role=Role.CSM, name="Ben Okafor", email=f"ben@{HOUSE}", timezone=ZONE, slack_id="U0BEN"),
    Person(
        id="csm-chiara", role=Role.CSM, name="Chiara Lindt", email=f"chiara@{HOUSE}", timezone=ZONE, slack_id="U0CHIARA"
    ),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a customer writes back on a day."""

    account_id: str
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Customer:
    """One invented company: the account, its people, its milestones, its habits and its fate."""

    account: Account
    people: tuple[Person, ...]
    milestones: tuple[Milestone, ...]
    habits: Habits
    fate: Fate


class World:
    """The customers of one demo. `start` is the demo's first day; everything before it is the past."""

    def __init__(self, start: date, *, seed: int = 7, zone: str = ZONE) -> None:
        self.start = start
        self.seed = seed
        self.zone = ZoneInfo(zone)
        self.customers = tuple(self._customer(index) for index in range(len(COMPANIES)))
        self.mailed: dict[str, date] = {}

    @property
    def accounts(self) -> list[Account]:
        """All accounts."""
        return [customer.account for customer in self.customers]

    @property
    def people(self) -> list[Person]:
        """Our CSMs and everyone at the customers."""
        return [*CSMS, *(person for customer in self.customers for person in customer.people)]

    @property
    def milestones(self) -> list[Milestone]:
        """All milestones and journey steps."""
        return [milestone for customer in self.customers for milestone in customer.milestones]

    @property
    def fates(self) -> dict[str, Fate]:
        """Account id → its story."""
        return {customer.account.id: customer.fate for customer in self.customers}

    @property
    def first_day(self) -> date:
        """The first day of the past."""
        return self.start - timedelta(days=PAST_DAYS)

    def events(self, since: date, until: date) -> dict[str, Any]:
        """What was done from one day to another, both included, as the columns that the usage store takes.

        `event_id`, `ts` (UTC datetime64), `account_id`, `user_id`, `name`, `n`.
        """
        days = [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
        return columns(
            ((customer.habits, day, self._shares(customer, day)) for customer in self.customers for day in days),
            seed=self.seed,
            zone=self.zone,
        )

    def account_of(self, email: str) -> str | None:
        """Whose account an address belongs to."""
        wanted = email.casefold()
        for customer in self.customers:
            if any(person.email == wanted for person in customer.people):
                return customer.account.id
        return None

    def mail(self, email: str, day: date) -> str | None:
        """A mail reached a customer: whose account, or None. Whether it helps is written in the account's fate."""
        account_id = self.account_of(email)
        if account_id is not None:
            self.mailed.setdefault(account_id, day)
        return account_id

    def replies(self, day: date) -> list[Reply]:
        """Who writes back on a day: accounts that a mail brings back answer on the next day."""
        found = []
        for customer in self.customers:
            mailed = self.mailed.get(customer.account.id)
            if mailed is not None and day == mailed + timedelta(days=1) and self._helped(customer):
                text = _dice(f"{self.seed}{customer.account.id}").choice(ANSWERS)
                found.append(Reply(customer.account.id, day, text.format(name=customer.people[0].first_name)))
        return found

    def _helped(self, customer: Customer) -> bool:
        """Decided once per account by its seed."""
        return _dice(f"{self.seed}{customer.account.id}mail").random() < customer.fate.recovers

    def _shares(self, customer: Customer, day: date) -> list[float]:
        number, people = (day - self.start).days, len(customer.people)
        shares = [customer.fate.share(number, person, people) for person in range(people)]
        mailed = self.mailed.get(customer.account.id)
        if mailed is not None and self._helped(customer):
            back = customer.habits.warmth((day - mailed).days)
            shares = [max(share, back) for share in shares]
        return shares

    def _customer(self, index: int) -> Customer:
        name, segment = COMPANIES[index]
        dice = _dice(f"{self.seed}{name}")
        fate = STORIES.get(index, Fate(Kind.HEALTHY))
        tier = TIERS[index % 2]
        keenness = dice.uniform(*KEENNESS) if fate.kind is Kind.HEALTHY else KEENNESS[1]
        seats = FULL_HOUSE[tier]
        if fate.kind is Kind.HEALTHY and keenness > 1:
            seats -= dice.randint(0, seats // 4)
        age = dice.randint(400, 1400)
        if fate.kind in NEVER_ONBOARDED:
            age = -fate.turn + (GAVE_UP_AFTER if fate.kind is Kind.GIVES_UP else 0)
        created = self.start - timedelta(days=age)
        slug = re.sub(r"[^a-z]+", "-", name.lower())
        account = Account(
            id=slug,
            name=name,
            tier=tier,
            segment=segment,
            domain=f"{slug}.example",
            seats=seats,
            arr=seats * (dice.randint(22, 42) if fate.kind is Kind.HEALTHY else 45) * 100,
            currency="EUR",
            created_on=created,
            renewal_on=self._renewal(created, dice),
            csm_id=CSMS[index % len(CSMS)].id,
            goal=dice.choice(GOALS) if index % 3 == 0 else "",
            timezone=ZONE,
        )
        people = tuple(_person(account, number, dice) for number in range(seats))
        habits = habits_of(account.id, [person.id for person in people], fate, keenness=keenness, dice=dice)
        return Customer(account, people, _milestones(account, fate, self.start, dice), habits, fate)

    def _renewal(self, created: date, dice: random.Random) -> date:
        """The next anniversary that is not too near, so that most accounts count as plain."""
        ahead = dice.choice((40, 75, 130, 180, 240, 300, 350))
        return max(self.start, created) + timedelta(days=ahead)


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - an invented world, no secret


def _person(account: Account, number: int, dice: random.Random) -> Person:
    first, last = dice.choice(FIRST), LAST[(number + sum(map(ord, account.id))) % len(LAST)]
    plain = f"{first}.{last}".lower().translate(str.maketrans("áöø", "aoo"))
    return Person(
        id=f"{account.id}-{number + 1:02d}",
        role=Role.CONTACT,
        name=f"{first} {last}",
        email=f"{plain}@{account.domain}",
        account_id=account.id,
        title=TITLES[min(number, len(TITLES) - 1)],
        timezone=account.timezone,
        primary=number == 0,
        first_seen_on=account.created_on,
    )


def _milestones(account: Account, fate: Fate, start: date, dice: random.Random) -> tuple[Milestone, ...]:
    created = account.created_on or start
    done = None if fate.kind in NEVER_ONBOARDED else created + timedelta(days=dice.randint(12, 26))
    connected = created + timedelta(days=dice.randint(2, 5))
    shared = None if fate.kind in NEVER_ONBOARDED else connected + timedelta(days=dice.randint(3, 8))
    return (
        Milestone(account.id, CONNECT, created + timedelta(days=10), connected, created),
        Milestone(account.id, SHARE, connected + timedelta(days=14), shared, connected),
        Milestone(account.id, ONBOARDING, created + timedelta(days=30), done),
    )
