"""Four eyes: mails to dear accounts leave only after a second person confirmed what the first approved."""

from __future__ import annotations

from scoring.casework import Outreach
from scoring.model import Account


def needs_second(account: Account, above: int) -> bool:
    """Whether mails to this account need two people, from a yearly value on; 0: none do. Unknown counts as dear."""
    return above > 0 and (account.arr is None or account.arr >= above)


def waits_for_second(mail: Outreach) -> bool:
    """Whether somebody besides who approved this mail must still confirm it."""
    return mail.needs_second and mail.confirmed_by in {"", mail.approved_by}
