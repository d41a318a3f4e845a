"""Storage offers every method that the loop's memory asks for, and a column for every field it is given."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from bot.loop import records
from scoring.automatic import Intended
from scoring.casework import AuditEntry, Case, Decision, Draft, Outreach, Trigger
from scoring.cover import Absence
from scoring.crm import CrmJob
from scoring.follow_up import FollowUp
from scoring.mailboxes import Mailbox
from scoring.messages import Card, Post
from scoring.model import Account, Milestone, Person, Ticket
from scoring.replies import ReadUpTo, Reply
from storage import tables
from storage.transaction import table
from storage.unit_of_work import SqlStore, SqlUnitOfWork
from tests.storage.methods import CALLS, REPOSITORIES

ROWS = {
    Account: tables.AccountRow,
    Person: tables.PersonRow,
    Milestone: tables.MilestoneRow,
    Ticket: tables.TicketRow,
    Case: tables.CaseRow,
    Trigger: tables.TriggerRow,
    Decision: tables.DecisionRow,
    Draft: tables.DraftRow,
    Outreach: tables.OutreachRow,
    Card: tables.CardRow,
    Post: tables.PostRow,
    Reply: tables.ReplyRow,
    CrmJob: tables.CrmJobRow,
    Mailbox: tables.MailboxRow,
    ReadUpTo: tables.ReadUpToRow,
    FollowUp: tables.FollowUpRow,
    Intended: tables.IntendedRow,
    Absence: tables.AbsenceRow,
    AuditEntry: tables.AuditRow,
}


def promised(protocol):
    """The public methods of a port and how they are called."""
    return {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_is_called_exactly_as_its_port_says(name):
    repository = type(getattr(SqlUnitOfWork(None), name))

    offered = promised(repository)

    for method, signature in promised(REPOSITORIES[name]).items():
        assert offered[method].parameters.keys() == signature.parameters.keys(), method
        assert [p.kind for p in offered[method].parameters.values()] == [p.kind for p in signature.parameters.values()]
        assert offered[method].return_annotation == signature.return_annotation, method


def test_the_calls_of_these_tests_leave_no_method_out():
    every = {f"{name}.{method}" for name, protocol in REPOSITORIES.items() for method in promised(protocol)}

    assert set(CALLS) == every


def test_the_store_and_its_unit_of_work_have_what_their_ports_name():
    assert set(promised(records.Store)) <= set(promised(SqlStore))
    assert set(REPOSITORIES) == {name for name in vars(records.UnitOfWork) if not name.startswith("_")}


@pytest.mark.parametrize("kind", ROWS)
def test_every_field_has_a_column(kind):
    columns = set(table(ROWS[kind]).columns.keys())

    assert {field.name for field in fields(kind)} <= columns


@pytest.mark.parametrize("kind", ROWS)
def test_a_field_that_may_be_empty_has_a_column_that_may(kind):
    columns = table(ROWS[kind]).columns

    for field in fields(kind):
        assert columns[field.name].nullable == ("None" in str(field.type)), field.name
