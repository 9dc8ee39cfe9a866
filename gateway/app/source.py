"""Where the packets of a service come from, as the configuration asks for it."""

from __future__ import annotations

from contextlib import nullcontext

from gateway.config.settings import Config
from gateway.errors import KeyedError, asked_by
from gateway.messages import LEGS_AND_TRUNK
from gateway.sources import Source
from gateway.sources.playback import Playback
from simulators.movement.scenarios import Scenario, scenario
from simulators.movement.telling import Telling
from simulators.recording import Equipment, SimulatedRecording

SIMULATED = "simulated person"


def configured_source(config: Config) -> Source:
    """Return the source that the configuration asks for; raises UsageError where it cannot be."""
    if config.source.kind != "simulator":
        return _radio_source(config)
    worn = tuple(one.place for one in config.sensors if one.place) or LEGS_AND_TRUNK
    recording = SimulatedRecording(
        _scenario(config),
        config.source.seed,
        rate_hz=config.pipe.grid_rate_hz,
        person=config.person.id,
        equipment=Equipment(places=worn),
    )
    truth = Telling(
        recording.performer(), recording.grid_rate_hz, person=recording.person, began_s=0.0
    )
    return Playback(recording, label=SIMULATED, truth=truth)


def _scenario(config: Config) -> Scenario:
    with asked_by("source", "scenario"):
        return scenario(config.source.scenario)


def _radio_source(config: Config) -> Source:
    # Imported only where they are used, as InfluxDB's client is: all take long to load.
    from gateway.app.virtual_radio import virtual_performance, virtual_radio, virtual_sensors
    from gateway.radio.bleak_link import BleakRadio
    from gateway.sources.bluetooth import BluetoothSource

    person, rate_hz = config.person.id, config.pipe.grid_rate_hz
    if config.source.kind == "virtual-radio":
        sensors = virtual_sensors(config)
        _scenario(config)
        performer, marks = virtual_performance(config)
        truth = Telling(performer, rate_hz, person=person, marks=marks)

        def began(at_ns: int) -> None:
            truth.began_s = (at_ns - source.origin_ns) * 1e-9

        opened = virtual_radio(config, began)
        source = BluetoothSource(person, sensors, rate_hz, opened, SIMULATED, truth=truth)
        return source
    if not config.sensors:
        raise KeyedError(
            "no sensor is configured: add a [[sensors]] table for each (`gaitwire pair -c FILE` "
            "writes them, `gaitwire scan` shows who is there), or try `gaitwire demo` without any",
            *("source", "kind"),
        )
    radio = nullcontext(BleakRadio(config.source.adapters))
    return BluetoothSource(person, config.sensor_specs(), rate_hz, radio)
