"""What somebody walked on each day, from the session files of the day.

Bouts and their names follow Mobilise-D (`inference.gait.bouts`), and this is not its reference
pipeline. A bout belongs to the day, by this machine's clock, on which it began. How much somebody
walked is withheld on a day of which little was recorded: fewer than ten hours make no valid day
(R. P. Troiano et al., Med. Sci. Sports Exerc. 2008, 40(1), 181-188). How somebody walked needs
strides, not hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from gateway.errors import JournalError
from gateway.journal.reader import JournalReader, open_journal
from gateway.journal.schema import SUFFIX
from gateway.messages import Figure, Stride
from inference.gait.bouts import VOLUMES, Bout, bouts_of, outcomes

ENOUGH_S = 10 * 3600.0
_SECOND_NS = 1e9

NOTE = "follows the rules and the names of Mobilise-D; it is not the reference pipeline"


class Outcome(msgspec.Struct, frozen=True):
    """A figure of a day; without a ``value`` it is ``withheld``, for this reason."""

    value: float | None
    unit: str
    withheld: str = ""


class Day(msgspec.Struct, frozen=True):
    """A person's day: its date, how much was recorded of it, and its outcomes by name."""

    person: str
    date: str
    recorded_s: float
    outcomes: Mapping[str, Outcome]


class Days(msgspec.Struct, frozen=True):
    """All days of a folder, and what could not be read, by file."""

    days: Sequence[Day]
    problems: Mapping[str, str]
    note: str = NOTE


class _Session(NamedTuple):
    """When a session was, in s since 1970, and what was walked in it, at such times."""

    person: str
    start_s: float
    end_s: float
    walked: Sequence[Stride | Figure]


def days(folder: Path) -> Days:
    """Return the days of all people whose sessions lie in ``folder``, in order."""
    sessions, problems = [], {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with open_journal(path) as journal:
                journal.check()
                sessions.append(_session(journal))
        except JournalError as error:
            problems[str(path)] = str(error).removeprefix(f"{path}: ")
    people = sorted({session.person for session in sessions})
    found = [day for person in people for day in _days_of(person, sessions)]
    return Days(found, problems)


def _session(journal: JournalReader) -> _Session:
    origin_s = journal.info.wall_origin_ns / _SECOND_NS
    walked: list[Stride | Figure] = []
    for message in journal.messages(["stride", "figure"]):
        match message:
            case Stride():
                start_s, end_s = message.start_s + origin_s, message.end_s + origin_s
                walked.append(replace(message, start_s=start_s, end_s=end_s))
            case Figure() if message.side is not None:
                walked.append(replace(message, t_s=message.t_s + origin_s))
    end_s = origin_s + journal.end_ns / _SECOND_NS
    return _Session(journal.info.person, origin_s, end_s, walked)


def _days_of(person: str, sessions: Sequence[_Session]) -> Iterator[Day]:
    own = sorted(
        (session for session in sessions if session.person == person),
        key=lambda session: session.start_s,
    )
    recorded_s: dict[str, float] = {}
    for session in own:
        for date, seconds in _by_date(session.start_s, session.end_s):
            recorded_s[date] = recorded_s.get(date, 0.0) + seconds
    bouts: dict[str, list[Bout]] = {}
    for bout in bouts_of(message for session in own for message in session.walked):
        bouts.setdefault(_date(bout.start_s), []).append(bout)
    for date, seconds in sorted(recorded_s.items()):
        yield Day(person, date, round(seconds, 1), _outcomes(bouts.get(date, []), person, seconds))


def _outcomes(bouts: Sequence[Bout], person: str, recorded_s: float) -> dict[str, Outcome]:
    short = ""
    if recorded_s < ENOUGH_S:
        short = f"only {recorded_s / 60:.0f} of {ENOUGH_S / 60:.0f} minutes were recorded"
    if not bouts:
        return {"wb_all__count": Outcome(None if short else 0.0, "1", short)}
    told = {}
    for figure in outcomes(bouts, person):
        volume = figure.name.partition("__")[2] in VOLUMES
        withheld = (short if volume else "") or figure.quality.withheld
        told[figure.name] = Outcome(None if withheld else figure.value, figure.unit, withheld)
    return told


def _date(t_s: float) -> str:
    return datetime.fromtimestamp(t_s).astimezone().date().isoformat()


def _by_date(start_s: float, end_s: float) -> Iterator[tuple[str, float]]:
    """Yield each date that a span has part in, with how many seconds."""
    while start_s < end_s:
        today = datetime.fromtimestamp(start_s).astimezone().date()
        midnight = datetime.combine(today + timedelta(days=1), time.min).astimezone()
        until_s = min(end_s, midnight.timestamp())
        yield today.isoformat(), until_s - start_s
        start_s = until_s
