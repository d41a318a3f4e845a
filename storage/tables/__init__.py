"""Every table of the operational database: columns and constraints, no behaviour. `README.md` says which says what."""

from storage.tables.absences import AbsenceRow
from storage.tables.accounts import AccountRow, MilestoneRow, PersonRow, TicketRow
from storage.tables.automatic import FollowUpRow, IntendedRow
from storage.tables.cases import LIVE, CaseRow, DecisionRow, TriggerRow
from storage.tables.crm import UNSETTLED, CrmJobRow, CrmLinkRow
from storage.tables.inbox import InboxKeyRow, ParcelRow, WaitingRow
from storage.tables.ledger import AuditRow, FlagRow, LeaseRow
from storage.tables.mailboxes import MailboxRow
from storage.tables.outreach import IN_FLIGHT, ON_ITS_WAY, DraftRow, OutreachRow, SuppressionRow
from storage.tables.replies import ReadUpToRow, ReplyRow
from storage.tables.slack import CardRow, PostRow
from storage.tables.snapshots import SnapshotPageRow, SnapshotRow

__all__ = [
    "IN_FLIGHT",
    "LIVE",
    "ON_ITS_WAY",
    "UNSETTLED",
    "AbsenceRow",
    "AccountRow",
    "AuditRow",
    "CardRow",
    "CaseRow",
    "CrmJobRow",
    "CrmLinkRow",
    "DecisionRow",
    "DraftRow",
    "FlagRow",
    "FollowUpRow",
    "InboxKeyRow",
    "IntendedRow",
    "LeaseRow",
    "MailboxRow",
    "MilestoneRow",
    "OutreachRow",
    "ParcelRow",
    "PersonRow",
    "PostRow",
    "ReadUpToRow",
    "ReplyRow",
    "SnapshotPageRow",
    "SnapshotRow",
    "SuppressionRow",
    "TicketRow",
    "TriggerRow",
    "WaitingRow",
]
