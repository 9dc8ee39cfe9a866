"""A simulated person in motion: passes through a scenario, rendered window by window.

Everything is a smooth function of time that is planned a pass at a time (``timeline``,
``footing``) and rendered on a fine grid in windows that are cut by sample index alone, so a
session can be endless and still be the same to the bit however it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray, Side, Stride, message
from gateway.quaternion import conjugate, multiply
from simulators.movement.footing import Footing, own_swings, plan_footing
from simulators.movement.inertial import Blow, add_blows, blow_axes, body_rate, specific_force
from simulators.movement.kinematics import MARGIN_S, Movement, move
from simulators.movement.mounting import Mounting, draw_mounting, wobble
from simulators.movement.person import Person, draw_person
from simulators.movement.scenarios import Scenario, scenario
from simulators.movement.timeline import Timeline, plan
from simulators.movement.truth import Truth, gait_events, ground_speed, joint_flexion, strides

_FINE_HZ = 200.0
_WINDOW_S = 4.0


@dataclass(frozen=True)
class Habits:
    """What may be chosen of a person; None leaves it to the seed or the scenario.

    ``asymmetry`` is that of ``scenarios.Walk``. ``tilt_sd_rad`` and ``turn_sd_rad`` are the
    mounting error (away from the limb's axes, about the sensor's normal); ``tissue`` scales how
    much the sensors move on the skin.
    """

    speed_mps: float | None = None
    asymmetry: float | None = None
    tilt_sd_rad: float = 0.087
    turn_sd_rad: float = 0.07
    tissue: float = 1.0


@message
class Motion:
    """A motion and what ideal sensors say of it, on an even grid.

    ``t_s`` (T,); ``quat`` (T, 8, 4) true segment → earth (ENU); ``acc`` (T, 8, 3) m/s² and
    ``gyr`` (T, 8, 3) rad/s in the sensors' frames, mounting error included, before noise;
    ``mounting`` (8, 4) true segment → sensor.
    """

    rate_hz: float
    t_s: FloatArray
    quat: FloatArray
    acc: FloatArray
    gyr: FloatArray
    mounting: FloatArray
    truth: Truth


@message
class Pass:
    """One pass through the scenario: its plan, its feet, and its heel strikes."""

    timeline: Timeline
    footing: Footing
    blows: tuple[Blow, ...]


@message
class Window:
    """A piece of motion on the fine grid ``t_s`` (N,) at ``fine_hz``.

    ``quat`` (N, 8, 4) segments and ``sensor_quat`` (N, 8, 4) sensors → earth; ``acc`` and
    ``gyr`` (N, 8, 3) in the sensors' frames; ``pelvis_m`` (N, 3), ``ankle_m`` (N, 2, 3).
    """

    t_s: FloatArray
    quat: FloatArray
    sensor_quat: FloatArray
    acc: FloatArray
    gyr: FloatArray
    pelvis_m: FloatArray
    ankle_m: FloatArray


class Performer:
    """A person who performs a scenario at ``rate_hz``; the same arguments give the same motion."""

    def __init__(self, performed: Scenario, seed: int, rate_hz: float, habits: Habits) -> None:
        self.scenario = performed.walking(habits.speed_mps, habits.asymmetry)
        self.rate_hz = rate_hz
        self.fine = 2 * max(1, int(np.ceil(_FINE_HZ / rate_hz / 2)))
        rng = np.random.default_rng([seed, 0])
        self.person: Person = draw_person(rng)
        self.mounting: Mounting = draw_mounting(
            rng, habits.tilt_sd_rad, habits.turn_sd_rad, habits.tissue
        )
        self._seed = seed

    def passes(self) -> Iterator[Pass]:
        """Yield the opening with the first cycle, then cycle after cycle, without end."""
        start, heading = 0.0, 0.0
        half, height = self.person.hip_half_m, self.person.ankle_height_m
        spots = np.array([[0.0, half, height], [0.0, -half, height]])
        parts = (*self.scenario.opening, *self.scenario.cycle)
        for number in range(2**31):
            rng = np.random.default_rng([self._seed, 1, number])
            timeline = plan(self.person, parts, start, heading, rng)
            footing = plan_footing(self.person, timeline, spots)
            yield Pass(timeline, footing, _blows(timeline, rng))
            start = float(np.ceil(timeline.end_s * self.rate_hz)) / self.rate_hz
            heading = timeline.heading.values[-1]
            spots = np.stack([path.spot_m[-1] for path in footing.paths])
            parts = self.scenario.cycle

    def windows(self) -> Iterator[tuple[Pass, Window]]:
        """Yield windows without a gap, from time 0, without end."""
        fine_hz = self.rate_hz * self.fine
        step = round(_WINDOW_S * self.rate_hz) * self.fine
        first = 0
        for done in self.passes():
            end = int(np.ceil(done.timeline.end_s * self.rate_hz)) * self.fine
            while first < end:
                last = min(first + step, end)
                yield done, self._render(done, first, last, fine_hz)
                first = last

    def _render(self, done: Pass, first: int, last: int, fine_hz: float) -> Window:
        margin = int(np.ceil(MARGIN_S * fine_hz)) + 1
        t = np.arange(first - margin, last + margin) / fine_hz
        moved = move(self.person, done.timeline, done.footing, t, fine_hz)
        near = slice(margin - 1, -margin + 1)
        moved = Movement(*(part[near] for part in _fields(moved)))
        flexion = joint_flexion(moved.quat)
        sensors = multiply(
            multiply(moved.quat, conjugate(self.mounting.quat)), wobble(self.mounting, flexion)
        )
        acc = specific_force(moved.sensor_m, sensors, fine_hz)
        t = t[margin:-margin]
        blows = [b for b in done.blows if t[0] - 0.2 < b.t_s < t[-1] + 0.2]
        add_blows(acc, t, blow_axes(self.mounting.quat), blows, 1 / self.rate_hz)
        kept = slice(1, -1)
        return Window(
            t_s=t,
            quat=moved.quat[kept],
            sensor_quat=sensors[kept],
            acc=acc,
            gyr=body_rate(sensors, fine_hz),
            pelvis_m=moved.pelvis_m[kept],
            ankle_m=moved.ankle_m[kept],
        )


def simulate_motion(
    performed: str | Scenario,
    seconds: float,
    seed: int,
    rate_hz: float = 100.0,
    habits: Habits | None = None,
) -> Motion:
    """Return ``seconds`` of a scenario (by name or as such), with its truth.

    Raises UsageError for an unknown scenario.
    """
    chosen = scenario(performed) if isinstance(performed, str) else performed
    performer = Performer(chosen, seed, rate_hz, habits or Habits())
    count = round(seconds * rate_hz)
    windows: list[Window] = []
    passes: list[Pass] = []
    for done, window in performer.windows():
        windows.append(window)
        if not passes or passes[-1] is not done:
            passes.append(done)
        if window.t_s[-1] * rate_hz >= count:
            break
    whole = join_windows(windows, performer.fine, count)
    return Motion(
        rate_hz=rate_hz,
        t_s=whole.t_s,
        quat=whole.quat,
        acc=whole.acc,
        gyr=whole.gyr,
        mounting=performer.mounting.quat,
        truth=tell_truth(whole, passes, rate_hz),
    )


def join_windows(windows: list[Window], fine: int, count: int) -> Window:
    """Return the first ``count`` samples of consecutive windows, every ``fine``-th of the grid."""
    parts = zip(*(_fields(window) for window in windows), strict=True)
    return Window(*(np.concatenate([p[::fine] for p in part])[:count].copy() for part in parts))


def tell_truth(whole: Window, passes: list[Pass], rate_hz: float) -> Truth:
    """Return the truth of consecutive passes as far as ``whole`` goes."""
    end = len(whole.t_s) / rate_hz
    swings = [swing for done in passes for swing in done.timeline.swings]
    swings.sort(key=lambda swing: swing.land_s)
    repetitions = [r for done in passes for r in done.timeline.repetitions]
    activities = [a for done in passes for a in done.timeline.activities]
    made = tuple(stride for stride in strides(swings) if stride.end_s < end)
    return Truth(
        rate_hz=rate_hz,
        t_s=whole.t_s,
        joint_rad=joint_flexion(whole.quat),
        speed_mps=ground_speed(whole.pelvis_m, rate_hz),
        pelvis_m=whole.pelvis_m,
        ankle_m=whole.ankle_m,
        events=tuple(event for event in gait_events(swings) if event.t_s < end),
        strides=made,
        stride_m=_stride_ways(made, passes),
        repetitions=tuple(r for r in repetitions if r.end_s < end),
        activities=tuple(a for a in activities if a.start_s < end),
    )


def _fields(record: Movement | Window) -> list[FloatArray]:
    return [getattr(record, name) for name in record.__dataclass_fields__]


def _stride_ways(made: Sequence[Stride], passes: Sequence[Pass]) -> FloatArray:
    """Return length and rise (S, 2) of strides, from where the feet of ``passes`` were put down."""
    landed = {
        (side, swing.land_s): spot
        for done in passes
        for foot, (side, path) in enumerate(zip(Side, done.footing.paths, strict=True))
        for swing, spot in zip(own_swings(done.timeline, foot), path.spot_m[1:], strict=True)
    }
    ways = [landed[one.side, one.end_s] - landed[one.side, one.start_s] for one in made]
    return np.array([[np.hypot(x, y), z] for x, y, z in ways]).reshape(-1, 2)


def _blows(timeline: Timeline, rng: np.random.Generator) -> tuple[Blow, ...]:
    blows: list[Blow] = []
    for bout in timeline.bouts:
        for swing in timeline.swings:
            if swing.step and bout.start_s < swing.land_s < bout.end_s:
                speed = bout.pace.at(np.array([swing.land_s]))[0]
                strength = float(speed / 1.26 * np.clip(rng.normal(1, 0.15), 0.5, 1.5))
                blows.append(Blow(swing.land_s, swing.side, strength))
    return tuple(blows)
