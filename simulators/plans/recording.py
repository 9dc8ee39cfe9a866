"""A plan as a recording: peripherals, procedures and faults on a simulated clock, no radio.

Every sensor has random numbers of its own, so what befalls one changes nothing of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Settings, driver, settled
from gateway.link_state import SETTINGS_CHANNEL, STATE_CHANNEL, SensorState
from gateway.messages import (
    UNKNOWN_SIZE,
    BoolArray,
    FloatArray,
    IntArray,
    LinkState,
    PacketBlock,
    RawPacket,
    SensorSpec,
)
from simulators.movement.truth import PERSON, Truth
from simulators.peripherals import Movement, Notification, Peripheral, maker
from simulators.places import ANYWHERE, PLACE_INDEX, PLACES
from simulators.plans import Plan, WornSensor
from simulators.plans.felt import measured_wrong
from simulators.plans.links import Episode, episodes
from simulators.plans.motion import GRID_HZ, PlannedMotion, planned_motion
from simulators.plans.talk import Talk
from simulators.plans.transit import Transit
from simulators.radio import draw_stalls
from simulators.recording import ORIGIN_NS
from simulators.sensing.clocks import Clock
from simulators.sensing.faults import Fault, FaultKind
from simulators.sensing.sensor import SensorErrors, SensorGrade, draw_errors, measure


@dataclass(frozen=True)
class Notified:
    """What a sensor sent of motion over one link, a row (N,) a notification, in order of sending.

    ``t_s`` when its newest sample was taken; ``samples`` how many of the sensor's samples were
    due since the notification before; ``arrival_ns`` when it came, −1 where it was lost.
    """

    t_s: FloatArray
    samples: IntArray
    arrival_ns: IntArray


class PlannedRecording:
    """The packets of a plan; see ``gateway.recordings.Recording``.

    ``links`` and ``notified`` tell, by sensor, what became of its links and notifications.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.seed = plan, plan.seed
        self.name = f"planned-{plan.name}-{plan.seed}"
        self.person = PERSON
        self.origin_ns = ORIGIN_NS
        self.duration_s = plan.seconds
        self.grid_rate_hz = GRID_HZ
        self.size = UNKNOWN_SIZE
        self.sensors = tuple(
            SensorSpec(
                w.address, w.place, w.driver, w.rate_hz, settled(w.driver, w.settings, w.rate_hz)
            )
            for w in plan.sensors
        )
        self.links: dict[str, list[Episode]] = {}
        self.notified: dict[str, list[Notified]] = {}
        self._motion = planned_motion(plan.scenario, plan.seed, plan.seconds, plan.speed_mps)
        errors = draw_errors(SensorGrade(), np.random.default_rng([plan.seed, 2]))
        packets: list[RawPacket] = []
        for number, (worn, spec) in enumerate(zip(plan.sensors, self.sensors, strict=True)):
            slot = len(PLACES) + number if worn.place is None else PLACE_INDEX[worn.place]
            life = _Life(plan, worn, spec, self._motion, errors, slot)
            packets += life.live()
            self.links[spec.sensor], self.notified[spec.sensor] = life.links, life.notified
        self._packets = sorted(packets, key=lambda packet: packet.arrival_ns)

    def truth(self) -> Truth:
        """Return what the person did, on the grid from ``origin_ns``."""
        return self._motion.truth

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds`` by arrival, a block a sensor and channel."""
        arrival_ns = np.array([packet.arrival_ns for packet in self._packets], np.int64)
        count = int(np.ceil(self.duration_s / seconds))
        ends_ns = self.origin_ns + np.rint(np.arange(1, count + 1) * seconds * 1e9).astype(np.int64)
        first = 0
        for last in np.searchsorted(arrival_ns, ends_ns).tolist():
            yield gathered(self._packets[first:last])
            first = last


class _Life:
    """One sensor over a whole session; its random numbers are those of its ``slot``."""

    def __init__(
        self,
        plan: Plan,
        worn: WornSensor,
        spec: SensorSpec,
        motion: PlannedMotion,
        errors: SensorErrors,
        slot: int,
    ) -> None:
        self.notified: list[Notified] = []
        self._worn, self._spec, self._motion, self._errors = worn, spec, motion, errors
        self._faults = plan.faults_of(worn.place)
        self._feels_at = worn.place or ANYWHERE
        self._rng = np.random.default_rng([plan.seed, 6, slot])
        self.links = episodes(
            self._faults, plan.seconds, np.random.default_rng([plan.seed, 7, slot])
        )
        stalls = draw_stalls(0.0, plan.seconds, plan.radio, self._rng)
        self._transit = Transit(plan.radio, stalls, self._faults, self._rng)
        self._clock = Clock(-worn.clock_s / (1 + worn.drift_ppm * 1e-6), worn.drift_ppm)
        self._peripheral = self._new()
        self._packets: list[RawPacket] = []

    def live(self) -> list[RawPacket]:
        """Return all that the gateway hears of it."""
        free_s, on_s = 0.0, None
        for link in self.links:
            if link.on_s is not None and link.on_s != on_s:
                on_s = link.on_s
                self._peripheral, self._clock = self._new(), Clock(on_s, self._worn.drift_ppm)
            self._tell(free_s, LinkState.SEARCHING)
            self._tell(link.from_s, LinkState.CONNECTING)
            self._stream(link)
            if link.why:
                self._tell(link.until_s, LinkState.LOST, link.why)
            free_s = link.until_s
            self._peripheral.disconnected()
        return self._packets

    def _stream(self, link: Episode) -> None:
        chosen = driver(self._spec.driver)
        talk = Talk(chosen, self._peripheral)
        read_back = talk.start(self._spec.settings, self._spec.rate_hz)
        talk.repeat()
        self._emit(link.from_s, SETTINGS_CHANNEL, msgspec.json.encode(dict(read_back)))
        for channel, told in talk.heard:
            self._emit(link.from_s, channel, told.payload)
        self._tell(link.from_s, LinkState.STREAMING)
        index, t_s, movement = self._feel(link)
        heard = talk.hear(self._peripheral.stream(movement)) if len(t_s) else []
        if heard:
            self._send(link, index, t_s, heard, read_back)

    def _send(
        self,
        link: Episode,
        index: IntArray,
        t_s: FloatArray,
        heard: list[tuple[str, Notification]],
        read_back: Settings,
    ) -> None:
        rows = np.array([told.row for _, told in heard])
        streams = driver(self._spec.driver).streams(read_back, self._spec.rate_hz)
        ticked = all(stream.clock is not None for stream in streams)
        came = self._transit.carry(t_s[rows], link, doubling=ticked)
        for row, arrival_ns in zip(came.row.tolist(), came.arrival_ns.tolist(), strict=True):
            channel, told = heard[row]
            at_ns = ORIGIN_NS + arrival_ns
            self._packets.append(RawPacket(self._spec.sensor, at_ns, told.payload, channel))
        arrival_ns = np.full(len(heard), -1)
        arrival_ns[came.row[::-1]] = ORIGIN_NS + came.arrival_ns[::-1]
        self.notified.append(Notified(t_s[rows], _samples(index[rows] - index[0]), arrival_ns))

    def _feel(self, link: Episode) -> tuple[IntArray, FloatArray, Movement]:
        """Return which samples it takes while the link stands, when, and what they say."""
        rate_hz, place = self._peripheral.rate_hz, self._feels_at
        first, last = (
            int(np.ceil(self._clock.device_s(at_s) * rate_hz))
            for at_s in (link.from_s, link.until_s)
        )
        index = np.arange(first, last)
        t_s = self._clock.world_s(index / max(rate_hz, 1e-9))
        awake = ~_any_during(t_s, self._faults, FaultKind.STALL)
        index, t_s = index[awake], t_s[awake]
        felt = self._motion.felt(place, t_s, self._faults)
        acc, gyr = measure(
            self._errors, PLACE_INDEX[place], t_s, felt.acc, felt.gyr, max(rate_hz, 1.0), self._rng
        )
        device_ns = np.rint(index * (1e9 / max(rate_hz, 1e-9))).astype(np.int64)
        movement = Movement(device_ns, acc, gyr, felt.quat)
        return index, t_s, measured_wrong(movement, t_s, self._faults)

    def _new(self) -> Peripheral:
        return maker(self._worn.driver, self._worn.settings)(self._worn.address)

    def _tell(self, at_s: float, state: LinkState, why: str = "") -> None:
        told = SensorState(state, why, "hci0", self._worn.rssi_dbm)
        self._emit(at_s, STATE_CHANNEL, msgspec.json.encode(told))

    def _emit(self, at_s: float, channel: str, payload: bytes) -> None:
        at_ns = ORIGIN_NS + round(at_s * 1e9)
        self._packets.append(RawPacket(self._spec.sensor, at_ns, payload, channel))


def _samples(newest: IntArray) -> IntArray:
    """Return how many samples end with each notification, of ``newest`` sample (N,)."""
    # What is sent in several parts has come with its last one.
    last = np.append(np.diff(newest) > 0, True)
    samples = np.zeros(len(newest), np.int64)
    samples[last] = np.diff(newest[last], prepend=-1)
    return samples


def _any_during(t_s: FloatArray, faults: tuple[Fault, ...], kind: FaultKind) -> BoolArray:
    struck = np.zeros(len(t_s), np.bool_)
    for fault in faults:
        if fault.kind is kind:
            struck |= fault.during(t_s)
    return struck
