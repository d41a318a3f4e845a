"""The window that asks until when a card should rest, with real times in the clicker's own zone (UX 23)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.blocks.elements import Json, labelled, modal, option, section, text_input
from handlers.blocks.literal import named
from handlers.ids import Field, Ref, Window
from scoring.hours import zone_named

MORNING = time(9, 0)
CUSTOM = "custom"
UTC_ZONE = ZoneInfo("UTC")
REASON_LIMIT = 300
ABOUT = "The card of {name} goes quiet and comes back at that time, or earlier if the account gets worse."
PAST = "Please pick a time in the future."
FAR = "Please pick a time within a year."
LONGEST = timedelta(days=366)


def snooze_modal(case_id: str, name: str, *, now: datetime, timezone: str, said_in: str = "") -> Json:
    """Three mornings and a free choice; the reason is optional but asked for."""
    choices = times(now, timezone)
    options = [option(label, str(int(at.timestamp()))) for label, at in choices]
    options.append(option("Another time (choose below)", CUSTOM))
    radio = {
        "type": "radio_buttons",
        "action_id": Field.UNTIL.value,
        "options": options,
        "initial_option": options[0],
    }
    picker = {
        "type": "datetimepicker",
        "action_id": Field.CUSTOM.value,
        "initial_date_time": int(choices[-1][1].timestamp()),
    }
    blocks = [
        section(ABOUT.format(name=named(name))),
        labelled("until", "Until", radio),
        labelled("custom", "Another time", picker, hint="Used when “Another time” is chosen above.", optional=True),
        labelled("reason", "Why", text_input(Field.REASON, limit=REASON_LIMIT), optional=True),
    ]
    ref = Ref(case=case_id, said_in=said_in)
    return modal("Snooze", blocks, callback=Window.SNOOZE, ref=ref, submit="Snooze", close="Back")


def times(now: datetime, timezone: str) -> list[tuple[str, datetime]]:
    """Tomorrow, next Monday and in two weeks, each at 09:00 of the wall clock there, as UTC (F6)."""
    zone = zone_named(timezone, fallback=UTC_ZONE)
    today = now.astimezone(zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    days = (
        ("Tomorrow", today + timedelta(days=1)),
        ("Next Monday", monday),
        ("In two weeks", today + timedelta(days=14)),
    )
    found = []
    for label, day in days:
        local = datetime.combine(day, MORNING, zone)
        found.append((f"{label}, {local:%a} {local.day} {local:%b} 09:00", local.astimezone(UTC)))
    return found
