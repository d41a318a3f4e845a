"""Who may do what: each deed has its place in the table, and rights only grow with the role."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import InvalidInput
from scoring.roles import NEEDS, Deed, Staff, TeamRole, allowed

DEEDS, ROLES = st.sampled_from(list(Deed)), st.sampled_from(list(TeamRole))


def test_every_deed_stands_in_the_table():
    assert set(NEEDS) == set(Deed)


@given(deed=DEEDS, low=ROLES, high=ROLES, own=st.booleans(), settled=st.booleans())
def test_a_higher_role_may_all_that_a_lower_one_may(deed, low, high, own, settled):
    if high.includes(low) and allowed(deed, low, own=own, settled=settled):
        assert allowed(deed, high, own=own, settled=settled)


@given(deed=DEEDS, own=st.booleans(), settled=st.booleans())
def test_a_viewer_changes_nothing_ever(deed, own, settled):
    assert not allowed(deed, TeamRole.VIEWER, own=own, settled=settled)


@pytest.mark.parametrize("deed", [Deed.APPROVE, Deed.EDIT, Deed.SNOOZE, Deed.DISMISS, Deed.OPEN_CASE])
def test_a_csm_acts_on_their_own_accounts_and_a_lead_on_all(deed):
    assert allowed(deed, TeamRole.CSM, own=True, settled=True)
    assert not allowed(deed, TeamRole.CSM, own=False, settled=True)
    assert allowed(deed, TeamRole.LEAD, own=False, settled=True)


def test_stopping_is_open_to_every_csm_and_going_on_is_not():
    assert allowed(Deed.PAUSE, TeamRole.CSM, own=False, settled=True)
    assert allowed(Deed.UNDO, TeamRole.CSM, own=False, settled=True)
    assert not allowed(Deed.RESUME, TeamRole.CSM, own=True, settled=True)


@given(role=ROLES, own=st.booleans(), settled=st.booleans())
def test_only_an_admin_lets_lookout_send_by_itself_on_a_fresh_install_too(role, own, settled):
    assert allowed(Deed.PROMOTE, role, own=own, settled=settled) is (role is TeamRole.ADMIN)


def test_people_are_named_by_confirmed_address_slack_user_or_user_group():
    staff = Staff.named(["Ana@Vendor.test", "U0BEN"], ["S0LEADS", "cleo@vendor.test"])

    assert staff.settled
    assert staff.groups == ("S0LEADS",)
    assert staff.role("U1", "ana@vendor.test") is TeamRole.ADMIN
    assert staff.role("U0BEN") is TeamRole.ADMIN
    assert staff.role("U2", "", ["S0LEADS"]) is TeamRole.LEAD
    assert staff.role("U3", "cleo@vendor.test") is TeamRole.LEAD
    assert staff.role("U4", "dora@vendor.test") is TeamRole.VIEWER
    assert staff.role("", "") is TeamRole.VIEWER


@pytest.mark.parametrize("entry", ["ana", "@cs-leads", "<@U0BEN>", "u0ben", "ana@vendor"])
def test_a_name_that_means_nobody_stops_the_start(entry):
    with pytest.raises(InvalidInput, match="LOOKOUT_ADMINS"):
        Staff.named([entry], [])
