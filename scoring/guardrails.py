"""May we write to this customer now? Yes, or the reason why not, for a person to read (R44, R50, R51).

Asked twice: when a person approves, and again just before the mail leaves, with everything read anew. Each rule below
is one small question; the first that objects decides. In doubt the mail does not leave.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from scoring import wording
from scoring.addresses import SHARED_HOSTS, domain_of, one_address
from scoring.casework import OutreachKind
from scoring.errors import InvalidInput
from scoring.mail_plan import No, Plan, Rules, Since, Yes, contact_zone
from scoring.model import Band

__all__ = ["No", "Plan", "Rules", "Since", "Yes", "contact_zone", "may_contact"]

PAUSED = "All sending is paused. It goes on when somebody resumes it."
STORM = "Sends are held: many accounts moved together, or a data feed stopped. A person has to release them."
CUT_OFF = "Slack does not let Lookout in, so nobody could see or undo what is sent. It goes on when Slack does."
UNSHOWN = "No digest has shown this mail for long enough, so nobody could have stopped it. It waits for one."
UNHEARD = "The mailbox of answers was not read lately, so nobody can tell whether they answered. It waits until it is."
CHURNED = "{account} is no longer a customer."
NO_CONTACT = "The contact this mail was written for is no longer known."
LEFT = "{name} has left {account}."
MOVED = "{name} does not belong to {account}."
OTHER_ADDRESS = "{name}'s address has changed since the draft was written."
OWN = "{email} is an address of our own company."
SUPPRESSED = "{email} must not be written to: {why}."
NOBODY_SENDS = "The person this mail would come from is no longer with us."
REASSIGNED = "{account} belongs to somebody else now."
BLIND = "Too few signals can be read for {account} today, so nobody can tell whether this mail still fits."
RECOVERED = "{account} has recovered: health {now}, it was {seen} when this was approved."
REPLIED = "{account} has answered since the draft was written."
TICKET = "{account} has opened a support ticket since the draft was written."
OTHER_MAIL = "Another mail went to {account} since the draft was written."
TOO_SOON = "{email} got a mail on {day}. At most one in {days} days."
VALUED = "{account} is a high-value or complex account: a person decides and sends."
GRAVE = "{account} is {severity}: a person decides and sends."
WORSE = "{account} is {severity} by now: a person decides and sends."
SWITCHED_OFF = "This play may not send by itself any more."
TICKET_OPEN = "{account} has an open support ticket."
CLOSED = "It is outside working hours where {name} is. It can leave on {when}."


def may_contact(plan: Plan, rules: Rules) -> Yes | No:
    """Whether the mail may leave at `plan.now`. What stops it for good is asked first, the clock last (R50, R51)."""
    answers = (ask(plan, rules) for ask in QUESTIONS)
    return next((no for no in answers if no is not None), Yes())


def _customer(plan: Plan, rules: Rules) -> No | None:
    """A company that left gets no win-back from a machine; its day begins where we or its people see it first."""
    churned = plan.account.churned_on
    days = {plan.now.astimezone(zone).date() for zone in (rules.zone, contact_zone(plan, rules))}
    gone = churned is not None and churned <= max(days)
    return No(CHURNED.format(account=plan.account.name), "R50") if gone else None


def _recipient(plan: Plan, _: Rules) -> No | None:
    """The contact is known, still there, of this account, and reached at the address that was approved."""
    contact, account = plan.contact, plan.account
    if contact is None:
        return No(NO_CONTACT, "R50")
    if contact.left:
        return No(LEFT.format(name=contact.name, account=account.name), "R50")
    if contact.account_id != account.id:
        return No(MOVED.format(name=contact.name, account=account.name), "R48")
    if contact.email.strip().casefold() != plan.to_email.strip().casefold():
        return No(OTHER_ADDRESS.format(name=contact.name), "R50")
    return None


def _address(plan: Plan, rules: Rules) -> No | None:
    """Exactly one plain address, and not one of our own (D4, D6)."""
    try:
        address = one_address(plan.to_email)
    except InvalidInput as fault:
        return No(str(fault), "R50")
    ours = {domain.casefold() for domain in rules.own_domains}
    if plan.sender and plan.sender.email:
        ours |= {domain_of(plan.sender.email)} - SHARED_HOSTS
    return No(OWN.format(email=address), "R50") if domain_of(address) in ours else None


def _suppressed(plan: Plan, _: Rules) -> No | None:
    """Opt-outs and bounces always hold (R51)."""
    if plan.suppressed is None:
        return None
    return No(SUPPRESSED.format(email=plan.to_email, why=plan.suppressed or "it is suppressed"), "R51")


def _sender(plan: Plan, _: Rules) -> No | None:
    """It goes out from the account's own CSM (R50)."""
    if plan.sender is None or plan.sender.left:
        return No(NOBODY_SENDS, "R50")
    moved = plan.owner_id is not None and plan.owner_id != plan.sender.id
    return No(REASSIGNED.format(account=plan.account.name), "R50") if moved else None


def _unseen(plan: Plan, rules: Rules) -> No | None:
    """Never on broken data (R8)."""
    low = plan.snapshot is not None and plan.snapshot.health.coverage < rules.policy.min_coverage
    return No(BLIND.format(account=plan.account.name), "R8") if low else None


def _recovered(plan: Plan, rules: Rules) -> No | None:
    """They came back by themselves after the approval (R50)."""
    seen = plan.since.score_seen if plan.since else None
    if seen is None or plan.snapshot is None:
        return None
    now, line = plan.snapshot.health.score, rules.policy.close_score
    if not seen < line <= now:
        return None
    text = RECOVERED.format(account=plan.account.name, now=wording.score(now), seen=wording.score(seen))
    return No(text, "R50")


def _overtaken(plan: Plan, _: Rules) -> No | None:
    """A reply, a new ticket or another mail since the draft: the draft no longer fits (R50)."""
    since = plan.since
    if since is None:
        return None
    happened = ((since.replied_at, REPLIED), (since.ticket_at, TICKET), (since.other_mail_at, OTHER_MAIL))
    for at, text in happened:
        if at is not None and at > since.drafted_at:
            return No(text.format(account=plan.account.name), "R50")
    return None


def _gap(plan: Plan, rules: Rules) -> No | None:
    """At most one proactive mail per contact in seven days, across all plays (R51)."""
    if plan.last_mail_at is None:
        return None
    free = plan.last_mail_at + timedelta(days=rules.policy.contact_gap_days)
    if plan.now >= free:
        return None
    day = wording.day(plan.last_mail_at.astimezone(contact_zone(plan, rules)).date())
    text = TOO_SOON.format(email=plan.to_email, day=day, days=rules.policy.contact_gap_days)
    return No(text, "R51", not_before=free)


def _human(plan: Plan, _: Rules) -> No | None:
    """What no person approved never reaches a high-value, complex, Critical or Churning account (R40).

    An automatic mail is for Monitor and better, and so is its follow-up; only the follow-up of a mail that a person
    approved may go to an account at risk. What is not known counts as the worst.
    """
    if plan.unattended is None:
        return None
    name, severity = plan.account.name, plan.severity
    if plan.valued is not False:
        return No(VALUED.format(account=name), "R40")
    if severity is None or severity.rank >= Band.CRITICAL.rank:
        return No(GRAVE.format(account=name, severity=severity or "of unknown health"), "R40")
    if plan.unattended is OutreachKind.FOLLOW_UP and plan.ticket_open:
        return No(TICKET_OPEN.format(account=name), "R53")
    by_hand = plan.unattended is OutreachKind.FOLLOW_UP and plan.begun_by_hand
    if severity.rank > Band.MONITOR.rank and not by_hand:
        return No(WORSE.format(account=name, severity=severity), "R40")
    return None if plan.switched_on or by_hand else No(SWITCHED_OFF, "R44")


def _held(plan: Plan, _: Rules) -> No | None:
    """Paused, held by a storm, or nobody could see it: the mail itself is fine and waits (R35, R44)."""
    reasons = (
        (plan.paused, PAUSED, "R44"),
        (plan.storm, STORM, "R35"),
        (plan.cut_off, CUT_OFF, "R44"),
        (plan.unshown, UNSHOWN, "R44"),
        (plan.unheard, UNHEARD, "R53"),
    )
    return next((No(text, rule, waits=True) for holds, text, rule in reasons if holds), None)


def _hours(plan: Plan, rules: Rules) -> No | None:
    """Only in the contact's working hours (R51)."""
    zone = contact_zone(plan, rules)
    if rules.hours.open_at(plan.now, zone):
        return None
    opens = rules.hours.next_open(plan.now, zone)
    local = opens.astimezone(zone)
    name = plan.contact.first_name if plan.contact else ""
    text = CLOSED.format(name=name or "the contact", when=f"{local:%A} {wording.day(local.date())} at {local:%H:%M}")
    return No(text, "R51", not_before=opens, waits=True)


Question = Callable[[Plan, Rules], No | None]
QUESTIONS: tuple[Question, ...] = (
    _customer,
    _recipient,
    _address,
    _suppressed,
    _sender,
    _unseen,
    _recovered,
    _overtaken,
    _gap,
    _human,
    _held,
    _hours,
)
