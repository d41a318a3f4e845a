"""Who acts for whom: absences have edges, covers may be away themselves, and a circle of absent people has no cover."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring.cover import Absence, AbsenceSource, absence_of, cover_of
from tests.builders import NOW, an_absence

WEEK = timedelta(days=7)


def test_an_absence_holds_from_its_first_instant_until_just_before_its_end():
    away = an_absence()

    assert [
        away.holds(at) for at in (NOW - timedelta(seconds=1), NOW, NOW + WEEK - timedelta(seconds=1), NOW + WEEK)
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_the_cover_of_a_cover_acts_and_a_circle_has_none():
    dana, ben = an_absence(), an_absence("away-2", person_id="csm-ben", cover_id="csm-cleo")
    assert cover_of("csm-dana", NOW, [dana, ben]) == "csm-cleo"

    back = an_absence("away-3", person_id="csm-cleo", cover_id="csm-dana")
    assert cover_of("csm-dana", NOW, [dana, ben, back]) == "csm-dana"


def test_what_was_planned_counts_before_a_status():
    status = an_absence("slack:csm-dana", cover_id="csm-lea", until=NOW + 9 * WEEK, source=AbsenceSource.SLACK)

    assert absence_of("csm-dana", NOW, [status, an_absence()]).cover_id == "csm-ben"


PEOPLE = st.sampled_from(["a", "b", "c", "d"])
DAYS = st.integers(-3, 3)


@given(st.lists(st.tuples(PEOPLE, PEOPLE, DAYS, DAYS).filter(lambda one: one[0] != one[1]), max_size=8), PEOPLE)
def test_whoever_acts_is_there_unless_nobody_of_the_circle_is(rows, person):
    absences = [
        Absence(str(n), who, by, NOW + timedelta(days=start), NOW + timedelta(days=end))
        for n, (who, by, start, end) in enumerate(rows)
    ]
    acting = cover_of(person, NOW, absences)

    assert acting == person or absence_of(acting, NOW, absences) is None
    if absence_of(person, NOW, absences) is None:
        assert acting == person
