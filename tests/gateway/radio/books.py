"""A sensor's books: what it made, what went on the air, what came, what was declared lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Decoded, Settings, driver, settled
from gateway.link_state import SETTINGS_CHANNEL, STATE_CHANNEL, read_settings, read_state
from gateway.messages import RawPacket, SensorSpec, message
from simulators.peripherals import Notification, peripherals
from simulators.plans.talk import Talk
from tests.gateway.radio.ledger import Told

SHORT_NS = 10e9
"""A counter that begins again so soon may do so unseen."""

Came = tuple[str, bytes, int]
"""Channel, payload and arrival of a packet; plain, for there are very many."""


@message
class Books:
    """Notifications that were ``sent`` and that ``came``, over so many ``connections``.

    Others came over links that ended before their sensor had started, and are told as ``unused``.
    ``made`` counts the samples that the sensor took from the first of which something came over a
    connection to the last; they were ``received`` from the pipe's first stage, or ``declared``.
    Of ``silences`` nobody can tell how often the sensor's counter began again meanwhile.
    """

    kind: str
    connections: int
    sent: int
    came: int
    unused: int
    made: int
    received: int
    declared: int
    silences: int

    @property
    def exact(self) -> bool:
        """Whether every loss was declared exactly."""
        return self.received + self.declared == self.made

    @property
    def balanced(self) -> bool:
        """Whether nothing was lost by us, and every other loss was declared, or told unknown."""
        unknown = self.silences > 0 and self.received + self.declared < self.made
        return self.sent == self.came + self.unused and (self.exact or unknown)


def balance(
    spec: SensorSpec,
    connections: Sequence[Sequence[Told]],
    packets: Sequence[Came],
    *,
    sent: int,
    received: int,
    declared: int,
    segments: int,
) -> Books:
    """Balance a sensor's books, from what it notified and what came, in order.

    Its clock began anew ``segments`` times.
    """
    came = [(settings, told) for settings, told in _by_connection(spec, packets) if told]
    heard = iter([_by_channel(spec, told) for told in connections if told])
    return Books(
        kind=spec.driver,
        connections=len(came),
        sent=sent,
        came=sum(len(told) for _, told in came),
        unused=sum(read_state(payload).unused for on, payload, _ in packets if on == STATE_CHANNEL),
        # Over a connection that broke at once nothing may have come.
        made=sum(
            next(made for own in heard if (made := _made(spec, settings, own, told)) is not None)
            for settings, told in came
        ),
        received=received,
        declared=declared,
        silences=max(0, segments - len(came)) if _short(spec) else 0,
    )


def _short(spec: SensorSpec) -> bool:
    """Say whether a sensor's counter begins again within seconds."""
    clocks = [stream.clock for stream in driver(spec.driver).streams(spec.settings, spec.rate_hz)]
    return any(c is not None and 2**c.bits * c.tick_ns < SHORT_NS for c in clocks)


def _by_connection(spec: SensorSpec, packets: Sequence[Came]) -> list[tuple[Settings, list[Came]]]:
    """Return what came over each connection, and its settings, whose packet begins it."""
    parts: list[tuple[Settings, list[Came]]] = []
    for channel, payload, arrival_ns in packets:
        if channel == SETTINGS_CHANNEL:
            settings = settled(spec.driver, spec.settings, spec.rate_hz)
            parts.append(({**settings, **read_settings(payload)}, []))
        elif channel != STATE_CHANNEL:
            parts[-1][1].append((channel, payload, arrival_ns))
    return parts


def _by_channel(spec: SensorSpec, told: Sequence[Told]) -> dict[str, list[bytes]]:
    """Return what was notified by the channel on which a gateway hears it."""
    talk = Talk(driver(spec.driver), peripherals()[spec.driver](spec.sensor))
    talk.start(settled(spec.driver, spec.settings, spec.rate_hz), spec.rate_hz)
    channels: dict[str, list[bytes]] = {}
    notifications = [Notification(t.characteristic, t.payload, service=t.service) for t in told]
    for channel, one in talk.hear(notifications):
        channels.setdefault(channel, []).append(one.payload)
    return channels


def _made(
    spec: SensorSpec,
    settings: Settings,
    own: dict[str, list[bytes]],
    told: Sequence[Came],
) -> int | None:
    """Return the samples, of each stream, from the first that came to the last; None if none."""
    total = 0
    for channel, payloads in own.items():
        came = [one for one in told if one[0] == channel]
        places = np.array(list(_places(payloads, [payload for _, payload, _ in came])), np.int64)
        if len(places) < len(came):
            return None
        if not came:
            continue
        sent = _decoded(spec, settings, [(channel, payload, 0) for payload in payloads])
        # Half a measurement is none: where the other half was lost, nothing came.
        heard = _decoded(spec, settings, came)
        read = {samples.stream: places[samples.packet] for samples in heard.samples}
        for samples in sent.samples:
            known = samples.packet[np.isin(samples.packet, read.get(samples.stream, places[:0]))]
            if len(known):
                between = (samples.packet >= known[0]) & (samples.packet <= known[-1])
                total += int(np.count_nonzero(between))
    return total


def _decoded(spec: SensorSpec, settings: Settings, told: Sequence[Came]) -> Decoded:
    """Return what the driver reads in packets of one channel."""
    packets = [RawPacket(spec.sensor, at_ns, payload, channel) for channel, payload, at_ns in told]
    return driver(spec.driver).decode(told[0][0], gathered(packets)[0], settings)


def _places(made: Sequence[bytes], came: Sequence[bytes]) -> Iterator[int]:
    """Yield where in ``made`` is what came, as far as it is there in the same order."""
    places = iter(range(len(made)))
    for payload in came:
        found = next((at for at in places if made[at] == payload), None)
        if found is None:
            return
        yield found
