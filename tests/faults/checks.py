"""What must hold of every session, whatever goes wrong in it; each check yields what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from gateway.clocks.counters import PACE_NS
from gateway.decoding.streams import Streams
from gateway.drivers import driver
from gateway.grid.hold_back import hold_back
from gateway.grid.plausibility import TICK_S
from gateway.messages import (
    JOINTS,
    BodyBlock,
    BoolArray,
    Calibration,
    FloatArray,
    ImuBlock,
    JointAngleBlock,
    Message,
    OrientationBlock,
    Place,
    Places,
    SensorSpec,
    Stride,
)
from gateway.worn import columns
from inference.joints.flexion import ENDS
from simulators.plans import Plan
from simulators.plans.recording import Notified, PlannedRecording
from simulators.sensing.faults import LIES, FaultKind

LATENCY_S = 0.045
"""A sample's time on the grid is later than the truth by the least latency, and a little more."""
SETTLE_S = 1.0
"""A clock that has just begun, or was late for long, may still move by some milliseconds."""
BUNCH_S = 0.03
"""What a sensor without a clock sends in one go is dated half a period apart from the arrival of
the first on, for nobody waits to see how many come: the last of them a little late."""
LONG_S = 0.1
"""A sensor that took no sample for so long hung."""
LATE_S = 0.03
"""A Movesense's measurement that is later, of a link as it is drawn here, is read only with the
next one: see ``gateway.drivers.movesense_packets``."""
PACE_S = PACE_NS * 1e-9
"""For so long after a silence of whole turns of a counter nobody knows whether what comes had
waited, or is of now: it is not taken."""
CLIPPED_S = 0.05
"""A clipped sample is told as not real, with the grid's samples beside it."""
OFTEN = 0.01
"""A sensor that clips at more of its samples is not fit for its place."""
ANGLE_BOUND = np.radians(12)
STRIDE_BOUND_S = 0.06
_SHANKS_AND_FEET = {Place.LEFT_SHANK, Place.RIGHT_SHANK, Place.LEFT_FOOT, Place.RIGHT_FOOT}
CLOSING_BOUND_S = 0.2
"""The last step before standing is put down without a jolt, so that its time is not as sure."""


def joined(produced: Sequence[Message], kind: type, field: str) -> Any:
    """Return a field of all blocks of a kind, joined along time."""
    return np.concatenate([getattr(m, field) for m in produced if isinstance(m, kind)])


def worn(produced: Sequence[Message]) -> Places:
    """Return the places of the body arrays."""
    return next((m.places for m in produced if isinstance(m, BodyBlock)), ())


def ticked(spec: SensorSpec) -> bool:
    """Say whether a sensor sends a time of its own, so that what it lost can be told."""
    streams = driver(spec.driver).streams(spec.settings, spec.rate_hz)
    return all(stream.clock is not None for stream in streams)


def in_one_stream(spec: SensorSpec) -> bool:
    """Say whether a sensor sends all of its motion together."""
    return len(driver(spec.driver).streams(spec.settings, spec.rate_hz)) == 1


def is_coarse(spec: SensorSpec) -> bool:
    """Say whether a sensor's clock ticks too rarely to tell that a single sample is lost."""
    clock = driver(spec.driver).streams(spec.settings, spec.rate_hz)[0].clock
    period_ns = 1e9 / spec.rate_hz
    return clock is not None and clock.tick_ns > period_ns / 2 and clock.tick_ns < period_ns


def bounded(played: PlannedRecording, produced: Sequence[Message]) -> Iterator[str]:
    """The grid is whole, in order, and no longer than the session."""
    starts = [m.start for m in produced if isinstance(m, BodyBlock)]
    counts = [len(m.acc) for m in produced if isinstance(m, BodyBlock)]
    if starts != [0, *np.cumsum(counts[:-1]).tolist()]:
        yield "the grid has holes or overlaps"
    expected = played.plan.seconds * played.grid_rate_hz
    late = 0.0 if all(map(ticked, played.sensors)) else BUNCH_S * played.grid_rate_hz
    # Where nothing comes at the end, the grid has not waited for the last samples to the end.
    held_back = hold_back(None, played.sensors).seconds * played.grid_rate_hz
    if not expected - 4 - held_back <= sum(counts) <= expected + 1 + late:
        yield f"the grid has {sum(counts)} samples, expected are {expected:g}"


def conserved(played: PlannedRecording, produced: Sequence[Message]) -> Iterator[str]:
    """What was received and what was declared lost is what was sent, segment by segment."""
    streams = Streams.of(played.sensors)
    stream, segment, arrival, lost = (
        joined(produced, ImuBlock, field) for field in ("stream", "segment", "arrival_ns", "lost")
    )
    for number, owner in enumerate(streams.sensor.tolist()):
        spec = played.sensors[owner]
        if not (ticked(spec) and in_one_stream(spec)):
            continue
        for one in np.unique(segment[stream == number]).tolist():
            rows = (stream == number) & (segment == one)
            told = int(np.count_nonzero(rows) + lost[rows][1:].sum())
            first, last = arrival[rows][[0, -1]].tolist()
            sent = _sent(played.notified[spec.sensor], first, last)
            if told not in sent and not (is_coarse(spec) and told < sent.start):
                yield f"{spec.place} ({spec.driver}) segment {one}: {told} told, {sent} sent"


def _sent(notified: Sequence[Notified], first_ns: int, last_ns: int) -> range:
    """Return how many samples may have been sent between two arrivals, both included."""
    for link in notified:
        begins = np.flatnonzero(link.arrival_ns == first_ns)
        ends = np.flatnonzero(np.abs(link.arrival_ns - last_ns) <= 50_000)
        if len(begins) and len(ends):
            # Of two that came at once the later overtook the other, and begins the segment.
            whole = int(link.samples[begins[-1] : ends[-1] + 1].sum())
            return range(whole, whole + 1)
    return range(0)


def explained(played: PlannedRecording, produced: Sequence[Message]) -> Iterator[str]:
    """Every sample of the grid is real where all around it was sent, and came in time."""
    real = joined(produced, BodyBlock, "real")
    t_s = np.arange(len(real)) / played.grid_rate_hz
    for spec in played.sensors:
        told_whole = ticked(spec) and in_one_stream(spec)
        if not told_whole or spec.place in suspected(played.plan):
            continue
        wanted = np.zeros(len(t_s), np.bool_)
        for link, told in zip(
            played.links[spec.sensor], played.notified[spec.sensor], strict=False
        ):
            near_s = LATENCY_S + 1 / spec.rate_hz
            inside = (t_s > link.from_s + SETTLE_S) & (t_s < link.until_s - SETTLE_S)
            doubted = (spec.driver == "movesense") & _doubted(played, told)
            wanted |= inside & _came_in_time(played, told, t_s, near_s, doubted)
        hold_back_s = hold_back(None, played.sensors).seconds
        for fault in played.plan.faults_of(spec.place):
            if fault.kind in {FaultKind.OUT_OF_ORDER, FaultKind.OVERFLOW}:
                wanted &= (t_s < fault.at_s - hold_back_s) | (t_s > fault.until_s + SETTLE_S)
            if fault.kind is FaultKind.SATURATION:
                # It is believed again once it was right for a tick from end to end.
                wanted &= (t_s < fault.at_s) | (t_s > fault.until_s + 2 * TICK_S + near_s)
        for since_s, until_s in _turned_unseen(played, spec):
            wanted &= (t_s < since_s) | (t_s > until_s + PACE_S + 2 / spec.rate_hz)
        wanted &= ~_near_clipped(played, produced, spec, t_s)
        missing = wanted & ~real[:, worn(produced).index(spec.place)]
        if missing.any():
            yield (
                f"{spec.place} ({spec.driver}): {np.count_nonzero(missing)} samples are missing "
                f"without a reason, the first at {t_s[np.argmax(missing)]:.2f} s"
            )


def _turned_unseen(played: PlannedRecording, spec: SensorSpec) -> Iterator[tuple[float, float]]:
    """Yield from when to when a sensor was silent for so long that its counter may have gone round.

    Half a turn is enough where it may have stood still.
    """
    (stream,) = driver(spec.driver).streams(spec.settings, spec.rate_hz)
    assert stream.clock is not None
    for link in played.notified[spec.sensor]:
        came_s = (np.sort(link.arrival_ns[link.arrival_ns >= 0]) - played.origin_ns) * 1e-9
        silent = np.diff(came_s) > 2.0**stream.clock.bits * stream.clock.tick_ns / 2 * 1e-9
        yield from zip(came_s[:-1][silent], came_s[1:][silent], strict=True)


def _near_clipped(
    played: PlannedRecording, produced: Sequence[Message], spec: SensorSpec, t_s: FloatArray
) -> BoolArray:
    """Return which times (T,) lie beside a sample that a sensor could not measure."""
    streams = Streams.of(played.sensors)
    stream, clipped, host_ns = (
        joined(produced, ImuBlock, field) for field in ("stream", "clipped", "host_ns")
    )
    own = streams.sensor[stream] == played.sensors.index(spec)
    at_s = np.sort((host_ns[own & clipped] - played.origin_ns) * 1e-9)
    near: BoolArray = np.searchsorted(at_s, t_s - CLIPPED_S) < np.searchsorted(
        at_s, t_s + CLIPPED_S
    )
    return near


def _doubted(played: PlannedRecording, told: Notified) -> BoolArray:
    """Return which notifications (N,) came late, and of what was taken next one was lost."""
    late = (told.arrival_ns - played.origin_ns) * 1e-9 - told.t_s > LATE_S
    following = np.searchsorted(told.t_s, told.t_s, "right").clip(max=len(told.t_s) - 1)
    doubted: BoolArray = late & np.isin(told.t_s[following], told.t_s[told.arrival_ns < 0])
    return doubted


def _came_in_time(
    played: PlannedRecording, told: Notified, t_s: FloatArray, near_s: float, doubted: BoolArray
) -> BoolArray:
    """Return at which times (T,) all that was taken around them came before the hold-back."""
    came_s = (told.arrival_ns - played.origin_ns) * 1e-9
    lost = told.arrival_ns < 0
    paused = np.diff(told.t_s, prepend=told.t_s[0]) > LONG_S
    troubles = (lost | paused | doubted).cumsum()
    latest_s = np.maximum.accumulate(np.where(lost, 0.0, came_s))
    first = np.searchsorted(told.t_s, t_s - near_s) - 1
    last = np.searchsorted(told.t_s, t_s + near_s - LATENCY_S) + 1
    whole = (first > 0) & (last < len(told.t_s))
    first, last = first * whole, last * whole
    in_time = latest_s[last] < t_s + hold_back(None, played.sensors).seconds - 0.005
    good: BoolArray = whole & in_time & (troubles[last] == troubles[first - 1])
    return good


def true_figures(played: PlannedRecording, produced: Sequence[Message]) -> Iterator[str]:
    """No angle and no stride that is marked good is wrong, where no sensor lies."""
    lying = lied_to(played.plan) | _unfit(played, produced)
    truth = played.truth()
    angle, real = (joined(produced, JointAngleBlock, f) for f in ("angle_rad", "real"))
    count = min(len(angle), len(truth.joint_rad))
    error = np.where(real[:count], np.abs(angle[:count] - truth.joint_rad[:count]), 0.0)
    for number, joint in enumerate(JOINTS):
        wrong = error[:, number] > ANGLE_BOUND
        if lying.isdisjoint(ends_of(number)) and wrong.any():
            at = int(np.argmax(error[:, number]))
            yield (
                f"{joint}: wrong by {np.degrees(error[at, number]):.0f}° at {at / 100:.2f} s, "
                f"{np.count_nonzero(wrong)} samples"
            )
    for stride in produced:
        if isinstance(stride, Stride) and not stride.quality.withheld:
            own = {Place(f"{stride.side}_foot"), Place(f"{stride.side}_shank")}
            if lying.isdisjoint(own) and not _is_true(stride, truth.strides):
                yield (
                    f"{stride.side} stride {stride.start_s:.2f} to {stride.end_s:.2f} s, "
                    f"of which {stride.quality.real_share:.0%} were measured, is none"
                )


def _unfit(played: PlannedRecording, produced: Sequence[Message]) -> set[Place]:
    """Return the places whose sensors count no losses, or are too weak for their place."""
    stream, clipped = (joined(produced, ImuBlock, field) for field in ("stream", "clipped"))
    owner = Streams.of(played.sensors).sensor[stream]
    return {
        spec.place
        for number, spec in enumerate(played.sensors)
        if spec.place
        and (not ticked(spec) or clipped[owner == number].sum() > OFTEN * (owner == number).sum())
    }


def _is_true(stride: Stride, known: Sequence[Stride]) -> bool:
    own = [one for one in known if one.side is stride.side]
    begun = {one.start_s for one in own}
    return any(
        abs(one.start_s - stride.start_s) <= STRIDE_BOUND_S
        and abs(one.end_s - stride.end_s)
        <= (STRIDE_BOUND_S if one.end_s in begun else CLOSING_BOUND_S)
        for one in own
    )


def undisturbed(plan: Plan, produced: Sequence[Message], alone: Sequence[Message]) -> Iterator[str]:
    """What comes of sensors that no fault strikes is that without faults, bit for bit."""
    struck = {place for place in Place if plan.faults_of(place)} | suspected(plan)
    for kind, fields in (
        (BodyBlock, ("acc", "gyr", "valid", "real")),
        (OrientationBlock, ("quat",)),
    ):
        for field in fields:
            one, other = joined(produced, kind, field), joined(alone, kind, field)
            count = min(len(one), len(other))
            for column, place in enumerate(worn(produced)):
                if place not in struck and not np.array_equal(
                    one[:count, column], other[:count, column], equal_nan=one.dtype == np.float64
                ):
                    yield f"{place}: {field} is another than without the faults of {sorted(struck)}"
    angles = [joined(m, JointAngleBlock, "angle_rad") for m in (produced, alone)]
    count = min(map(len, angles))
    for number, joint in enumerate(JOINTS):
        one, other = (angle[:count, number] for angle in angles)
        if not struck.isdisjoint(ends_of(number)):
            continue
        end = _calibrated_alike_until(produced, alone, ENDS[joint])
        one, other = one[:end], other[:end]
        if not np.array_equal(one, other, equal_nan=True):
            differ = np.flatnonzero(~((one == other) | (np.isnan(one) & np.isnan(other))))
            yield f"{joint}: another angle than without the faults from {differ[0] / 100:.2f} s"


def _calibrated_alike_until(one: Sequence[Message], other: Sequence[Message], ends: Places) -> int:
    """Return up to which grid index two places are calibrated alike in both.

    A calibration takes all sensors' evidence of what the person does: standing, sitting, and
    which way is forward.
    """
    found = [[m for m in all_ if isinstance(m, Calibration)] for all_ in (one, other)]
    for a, b in zip_longest(*found):
        if a is None or b is None:
            return round((a or b).t_s * 100)
        rows = columns(a.places, ends)
        same = np.array_equal(a.quat[rows], b.quat[rows]) and np.array_equal(
            a.known[rows], b.known[rows]
        )
        if a.t_s != b.t_s or not same:
            return round(min(a.t_s, b.t_s) * 100)
    return 1 << 62


def lied_to(plan: Plan) -> set[Place]:
    """Return the places whose sensors say at some time what their segment does not do."""
    return {place for place in Place if any(fault.kind in LIES for fault in plan.faults_of(place))}


def suspected(plan: Plan) -> set[Place]:
    """Return the places that are lied to, and those that cannot be told from them.

    Where a shank does not go with its foot, either pair may be exchanged, and neither is believed.
    """
    exchanged = {
        place
        for place in _SHANKS_AND_FEET
        if any(fault.kind is FaultKind.SWAPPED for fault in plan.faults_of(place))
    }
    return lied_to(plan) | (_SHANKS_AND_FEET if exchanged else set())


def ends_of(joint: int) -> set[Place]:
    """Return the two places that a joint's angle rests on."""
    return set(ENDS[JOINTS[joint]])
