"""The calendar file of an owner: one all-day event per action; a task keeps its name, so that reading in the next file moves it and does not double it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from icalendar import Calendar, Event

PRODUCT = "-//crmkit//action list//EN"
DOMAIN = "crmkit"


@dataclass(frozen=True)
class Entry:
    """A day in a calendar: the name that stays (uid), the day, one line, what more there is to say, 1 (urgent) to 9, a category, and whether it is called off."""

    uid: str
    day: dt.date
    title: str
    text: str
    priority: int
    category: str
    cancelled: bool = False


def calendar_file(owner: str, entries: Sequence[Entry], as_of: dt.date) -> bytes:
    """Return an .ics file (RFC 5545) of all-day events that block no time; equal bytes for equal entries, no clock.

    Parameters
    ----------
    owner : str
        Whose it is; the name of the calendar.
    entries : sequence of Entry
    as_of : datetime.date
        Day of the list; it stands as DTSTAMP, so that a later list goes before an earlier one.

    Examples
    --------
    >>> told = calendar_file("S01", [Entry("A-1", dt.date(2025, 7, 1), "Call C-1", "no order for 42 days", 1, "severe")], dt.date(2025, 6, 30))
    >>> [line for line in told.decode().splitlines() if line.startswith(("UID", "DTSTART"))]
    ['DTSTART;VALUE=DATE:20250701', 'UID:A-1@crmkit']
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Action list {owner}")
    stamp = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    for entry in sorted(entries, key=lambda e: (e.day, e.priority, e.uid)):
        calendar.add_component(_event(entry, stamp))
    return calendar.to_ical()


def _event(entry: Entry, stamp: dt.datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{DOMAIN}")
    event.add("dtstamp", stamp)
    event.add("sequence", (stamp.date() - dt.date(2000, 1, 1)).days)  # rises with the day of the list: the later file is believed
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + dt.timedelta(days=1))
    event.add("summary", entry.title)
    event.add("description", entry.text)
    event.add("categories", [entry.category])
    event.add("priority", entry.priority)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event
