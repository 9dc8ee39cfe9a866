"""A simulated session as a recording: packets of a published layout, with arrival times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count as counting

import numpy as np

from gateway.drivers.movella_dot import encode_block
from gateway.errors import UsageError
from gateway.messages import (
    UNKNOWN_SIZE,
    FloatArray,
    IntArray,
    PacketBlock,
    Place,
    SensorSpec,
)
from simulators.movement.motion import Habits, Performer, Window, simulate_motion
from simulators.movement.sampling import sample, stitch
from simulators.movement.scenarios import Scenario, scenario
from simulators.movement.truth import PERSON, Truth
from simulators.places import PLACE_INDEX, PLACES
from simulators.radio import DeviceClock, Link, arrivals, draw_clock, draw_stalls, lost
from simulators.sensing.faults import Fault, Sent, strike
from simulators.sensing.sensor import SensorGrade, draw_errors, measure
from simulators.streams import Stream

ORIGIN_NS = 1_000_000_000_000
MODE = 26
_BATTERY_EVERY_S = 60.0


@dataclass(frozen=True)
class Equipment:
    """What the person wears and how it reaches the host; ``faults`` happen to it.

    ``drift_sd_ppm`` is how far the crystals of the sensors' clocks are off.
    """

    places: tuple[Place, ...] = PLACES
    link: Link = field(default_factory=Link)
    grade: SensorGrade = field(default_factory=SensorGrade)
    drift_sd_ppm: float = 20.0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Device:
    """One worn sensor: its name, clock, the phase of its radio and its battery at the start."""

    name: str
    place: Place
    clock: DeviceClock
    radio_phase_s: float
    battery: float


class SimulatedRecording:
    """A scenario as the packets of Movella DOTs; see ``gateway.recordings.Recording``.

    The same arguments give the same bytes, however the chunks are cut. ``seconds`` None is
    endless. Raises UsageError for an unknown scenario.
    """

    def __init__(
        self,
        performed: str | Scenario,
        seed: int,
        seconds: float | None = None,
        rate_hz: float = 100.0,
        *,
        person: str = PERSON,
        habits: Habits | None = None,
        equipment: Equipment | None = None,
    ) -> None:
        self._scenario = scenario(performed) if isinstance(performed, str) else performed
        self.name = f"simulated-{self._scenario.name}-{seed}"
        self.person = person
        self.origin_ns = ORIGIN_NS
        self.duration_s = float("nan") if seconds is None else seconds
        self.grid_rate_hz = rate_hz
        self.size = UNKNOWN_SIZE
        self.seed = seed
        self._habits = habits or Habits()
        self._equipment = equipment or Equipment()
        rng = np.random.default_rng([seed, 2])
        self._errors = draw_errors(self._equipment.grade, rng)
        drift = self._equipment.drift_sd_ppm
        devices = [_draw_device(place, rate_hz, drift, rng) for place in PLACES]
        self._devices = [d for d in devices if d.place in self._equipment.places]
        self.sensors = tuple(
            SensorSpec(d.name, d.place, "movella_dot", rate_hz, {"mode": MODE})
            for d in self._devices
        )

    def performer(self) -> Performer:
        """Return who moves."""
        return Performer(self._scenario, self.seed, self.grid_rate_hz, self._habits)

    def truth(self) -> Truth:
        """Return what the person did, on the grid from ``origin_ns``.

        Raises UsageError where the recording is endless.
        """
        if np.isnan(self.duration_s):
            raise UsageError(
                "an endless simulation has no whole truth; give it a length in seconds"
            )
        motion = simulate_motion(
            self._scenario, self.duration_s, self.seed, self.grid_rate_hz, self._habits
        )
        return motion.truth

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds`` by arrival, a block a sensor and channel."""
        motion = {d.name: Stream(d.name, "motion") for d in self._devices}
        battery = {d.name: Stream(d.name, "battery") for d in self._devices}
        streams = [*motion.values(), *battery.values()]
        sendings = self._send(motion, battery)
        sent_until_s = 0.0
        for number in counting(1):
            until_s = number * seconds
            while sent_until_s < until_s:
                sent_until_s = next(sendings, float("inf"))
            until_ns = self.origin_ns + round(until_s * 1e9)
            taken = (stream.take(until_ns) for stream in streams)
            yield [block for block in taken if block is not None]
            if sent_until_s == float("inf") and all(stream.empty for stream in streams):
                return

    def _send(self, motion: dict[str, Stream], battery: dict[str, Stream]) -> Iterator[float]:
        """Fill the streams window by window; yield the time up to which they are complete."""
        end_s = float("inf") if np.isnan(self.duration_s) else self.duration_s
        windows = (window for _, window in self.performer().windows())
        stall_ends = {device.name: np.empty((0, 2)) for device in self._devices}
        for number, stitched in enumerate(stitch(windows)):
            bounds = (stitched.from_s, min(stitched.until_s, end_s))
            for device in self._devices:
                rng = np.random.default_rng([self.seed, 3, PLACE_INDEX[device.place], number])
                stalls = draw_stalls(*bounds, self._equipment.link, rng)
                near = np.concatenate([stall_ends[device.name], stalls])
                stall_ends[device.name] = stalls
                stream = motion[device.name]
                stream.add(*self._packets(device, stitched.window, bounds, near, stream, rng))
                battery[device.name].add(*self._battery_packets(device, bounds))
            yield bounds[1]
            if bounds[1] >= end_s:
                return

    def _packets(
        self,
        device: Device,
        window: Window,
        bounds: tuple[float, float],
        stalls: FloatArray,
        stream: Stream,
        rng: np.random.Generator,
    ) -> tuple[bytes, IntArray, IntArray]:
        slot = PLACE_INDEX[device.place]
        index = device.clock.samples(*bounds)
        t = device.clock.host_s(index)
        acc, gyr, quat = sample(window, slot, t)
        acc, gyr = measure(self._errors, slot, t, acc, gyr, self.grid_rate_hz, rng)
        sent = Sent(t, device.clock.ticks_us(index), acc, gyr, quat)
        sent = sent.only(~lost(len(t), self._equipment.link, rng))
        sent = strike(sent, device.place, self._equipment.faults, self.grid_rate_hz)
        arrival = arrivals(
            sent.t_s,
            device.radio_phase_s,
            self._equipment.link,
            stalls,
            stream.newest_ns - self.origin_ns,
            rng,
        )
        payload, ends = encode_block(MODE, sent.ticks_us, sent.acc, sent.gyr, sent.quat)
        return payload, ends, arrival + self.origin_ns

    def _battery_packets(
        self, device: Device, bounds: tuple[float, float]
    ) -> tuple[bytes, IntArray, IntArray]:
        offset = 1.0 + device.radio_phase_s
        first, last = (int(np.ceil((bound - offset) / _BATTERY_EVERY_S)) for bound in bounds)
        index = np.arange(max(first, 0), max(last, 0))
        at_s = offset + index * _BATTERY_EVERY_S
        level = np.maximum(device.battery - at_s / 3600 * 9.0, 1.0).astype(np.uint8)
        payload = np.stack([level, np.zeros_like(level)], axis=1).tobytes()
        arrival = self.origin_ns + np.rint(at_s * 1e9).astype(np.int64)
        return payload, 2 * np.arange(1, len(index) + 1), arrival


def _draw_device(
    place: Place, rate_hz: float, drift_sd_ppm: float, rng: np.random.Generator
) -> Device:
    return Device(
        name=f"sim-{place.replace('_', '-')}",
        place=place,
        clock=draw_clock(rate_hz, drift_sd_ppm, rng),
        radio_phase_s=float(rng.uniform(0, 0.015)),
        battery=float(rng.uniform(55, 100)),
    )
