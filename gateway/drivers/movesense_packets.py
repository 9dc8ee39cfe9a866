"""Which of a Movesense's notifications make a measurement, and which of these can be believed.

A measurement tells the time of its first sample only, and one that is too long for a notification
comes in two parts of which the second tells nothing. So one that comes in time is what it seems to
be. One that comes late waited on the way; or its second part is of the measurement after it, and
what lay between was lost; or the sensor paused before it had taken all samples. What follows tells:
a measurement that came late is believed if the next one begins where it ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray, message

DATA, SECOND_PART = 2, 3
MOTION = 0x63
DATA_OF_MOTION, SECOND_OF_MOTION = DATA << 8 | MOTION, SECOND_PART << 8 | MOTION
"""How the parts of a measurement begin, as one number."""

IN_DOUBT = "late, and the next does not follow on it"

_HEADER = 4
"""Bytes of the time."""
_REACH = 8
"""A second part, and what follows a measurement, come within so many packets, answers included."""
_PROMPT_MS = 60
"""Within which a packet comes on a link that does not stall ..."""
_BEFORE_THE_NEXT = 0.9
"""... and the share of its own time within which nothing of the next measurement can have come."""
_IN_STEP = 0.25
"""Share of its own time by which the next one may begin elsewhere: rates are some per cent off."""
_FORGOTTEN = 1000
"""The soonest way counts as a millisecond longer after so many: clocks drift, and links change."""
_ANEW_MS = 1000
"""A clock that goes back by more has begun again: packets out of order are nearer."""
_TURN = 1 << 32
_ERA = 1 << 33
"""Longer than any delay differs from one clock of 32 bits to the next, in ms."""


class Pace(NamedTuple):
    """Of the measurements so far: the time of the newest, and the shortest way that any took.

    ``soonest_ms`` is an arrival less a time, and lengthens by a thousandth of the time.
    """

    newest_ms: int = 0
    soonest_ms: int = 1 << 60


@message
class Heard:
    """Notifications in order: how each (N,) begins, how many bytes follow, and when it came.

    ``time_ms`` (N,) is what these bytes begin with, if they are a first part.
    """

    head: IntArray
    size: IntArray
    time_ms: IntArray
    arrival_ms: IntArray


@message
class Shape:
    """What a measurement looks like: bytes and period of a sample.

    One of ``whole`` bytes is known to be complete; any other may have a second part.
    """

    sample: int
    period_ms: float
    whole: int | None


@message
class Measurements:
    """M measurements in packets: that each begins in, and ends in, which may be the same.

    ``size`` (M,) bytes without headers; the last ``kept`` packets wait for what follows.
    """

    begin: IntArray
    end: IntArray
    size: IntArray
    refused: dict[str, int]
    kept: int
    pace: Pace


def find_measurements(heard: Heard, shape: Shape, pace: Pace) -> Measurements:
    """Find the measurements in notifications that follow on those of ``pace``."""
    begin, following, second = _first_parts(heard.head)
    open_ended = heard.size[begin] != shape.whole
    paired = open_ended & second & (following - begin <= _REACH)
    end = np.where(paired, following, begin)
    size = heard.size[begin] + np.where(paired, heard.size[end], 0)
    count, over = np.divmod(size - _HEADER, shape.sample)
    fits = (count > 0) & (over == 0)
    lasts_ms = count * shape.period_ms
    timed = heard.size[begin] >= _HEADER
    soonest_ms = _soonest(heard, begin[timed], pace)
    late = np.zeros(len(begin), np.bool_)
    late[timed] = _late(heard, begin[timed], end[timed], lasts_ms[timed], soonest_ms)
    doubtful = late & fits & (paired | (count > 1))
    waits = (doubtful | (open_ended & ~paired)) & (len(heard.head) - end <= _REACH)
    known = ~waits | (np.arange(len(begin)) < len(begin) - 1)
    kept = 0 if known.all() else len(heard.head) - int(begin[-1])
    doubted = doubtful
    if doubtful.any():
        doubted = doubtful & ~_in_step(heard, begin, end, timed, lasts_ms)
    read = known & fits & ~doubted
    seconds = heard.head[: len(heard.head) - kept] == SECOND_OF_MOTION
    refused = {
        "first part missing": _count(seconds) - _count(known & paired),
        "second part missing": _count(known & ~paired & ~fits),
        "wrong length": 2 * _count(known & paired & ~fits),
        IN_DOUBT: _count(known & doubted) + _count(known & doubted & paired),
    }
    told = known[timed]
    if told.any():
        newest = np.flatnonzero(told)[-1]
        pace = Pace(int(heard.time_ms[begin[timed]][newest]), int(soonest_ms[newest]))
    return Measurements(begin[read], end[read], size[read], refused, kept, pace)


def _count(found: BoolArray) -> int:
    return int(np.count_nonzero(found))


def _first_parts(head: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Return where first parts (K,) are, and the part after each: where, and if it is a second.

    After the last part comes the end.
    """
    first = np.append(head == DATA_OF_MOTION, True)
    second = np.append(head == SECOND_OF_MOTION, False)
    parts = np.flatnonzero(first | second)
    place = np.flatnonzero(first[parts])[:-1]
    return parts[place], parts[place + 1], second[parts[place + 1]]


def _soonest(heard: Heard, begin: IntArray, pace: Pace) -> IntArray:
    """Return the shortest way so far with each of the measurements that begin there (K,)."""
    time_ms = heard.time_ms[begin]
    before_ms = np.append(pace.newest_ms, time_ms[:-1])
    era = _ERA * np.cumsum(time_ms < before_ms - _ANEW_MS)
    way_ms = heard.arrival_ms[begin] - _lengthened(time_ms)
    ways = np.append(pace.soonest_ms, way_ms - era)
    return np.asarray(np.minimum.accumulate(ways)[1:] + era)


def _late(
    heard: Heard, begin: IntArray, end: IntArray, lasts_ms: FloatArray, soonest_ms: IntArray
) -> BoolArray:
    """Return which measurements (K,) came whole only when the next may have come."""
    way_ms = heard.arrival_ms[end] - _lengthened(heard.time_ms[begin])
    late: BoolArray = way_ms - soonest_ms > np.minimum(_PROMPT_MS, _BEFORE_THE_NEXT * lasts_ms)
    return late


def _lengthened(time_ms: IntArray) -> IntArray:
    return time_ms + time_ms // _FORGOTTEN


def _in_step(
    heard: Heard, begin: IntArray, end: IntArray, timed: BoolArray, lasts_ms: FloatArray
) -> BoolArray:
    """Return which measurements (K,) are followed, soon, by one that begins where they end."""
    step_ms = np.diff(heard.time_ms[begin], append=0) % _TURN
    near = np.abs(step_ms - lasts_ms) <= _IN_STEP * lasts_ms
    soon = np.append(begin[1:], len(heard.head) + _REACH + 1) - end <= _REACH
    told: BoolArray = near & soon & timed & np.append(timed[1:], False)
    return told
