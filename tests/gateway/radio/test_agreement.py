"""Movella DOTs agree on one clock over the virtual radio, and go on without one that cannot."""

from __future__ import annotations

import numpy as np
import pytest

import gateway.drivers.movella_dot as dot
from gateway.clocks.device import SECOND_NS
from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers.movella_sync import TIMES
from gateway.drivers.talk import AgreementTimes
from gateway.link_state import SETTINGS_CHANNEL, SYNCED, read_settings
from gateway.messages import ImuBlock, LinkState, SensorSpec, Tick
from simulators.peripherals.movella_dot import VirtualMovellaDot
from tests.gateway.radio.living import Session, dots, session

SOON = AgreementTimes(leave_s=0.1, return_s=1.0, settle_s=0.1, give_up_s=20.0)


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The virtual sensors need no twelve seconds to find each other."""
    assert TIMES.return_s > 12
    monkeypatch.setattr(dot.MovellaDot, "agreement", SOON)


def agreeing(count: int) -> list[SensorSpec]:
    return [
        SensorSpec(worn.address, worn.place, worn.driver, 60.0, {"sync": "on"})
        for worn in dots(count)
    ]


def synced(going: Session, sensor: int) -> list[float]:
    """Return what a sensor's settings say of its clock, connection by connection."""
    told = going.of(going.sensors[sensor], SETTINGS_CHANNEL)
    return [float(read_settings(packet.payload)[SYNCED]) for packet in told]


def placed(going: Session, specs: list[SensorSpec]) -> dict[int, np.ndarray]:
    """Return device time less host time (s) of each stream's last samples."""
    decode = Decode(specs)
    found: dict[int, list[np.ndarray]] = {}
    for second in range(0, len(going.packets), 200):
        part = going.packets[second : second + 200]
        for block in gathered(part):
            decode.push(block)
        for told in decode.push(Tick(part[-1].arrival_ns)):
            if isinstance(told, ImuBlock):
                for stream in np.unique(told.stream).tolist():
                    own = told.stream == stream
                    ahead = (told.device_ns[own] - told.host_ns[own]) / SECOND_NS
                    found.setdefault(stream, []).append(ahead)
    return {stream: np.concatenate(parts)[-20:] for stream, parts in found.items()}


async def test_sensors_agree_and_are_on_one_line() -> None:
    specs = agreeing(3)
    async with session(dots(3), specs=specs) as going:
        await going.reach(LinkState.STREAMING)
        clocks = {id(sensor.clock) for sensor in going.sensors}
        assert len(clocks) == 1
        for sensor in going.sensors:
            await going.more(sensor, 360)
        assert [synced(going, k) for k in range(3)] == [[1.0]] * 3
        ahead = placed(going, specs)
    middles = np.array([np.median(own) for own in ahead.values()])
    assert np.ptp(middles) < 0.0005


async def test_one_that_fails_keeps_its_own_clock_and_one_that_restarts_has_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with session(dots(3), specs=agreeing(3)) as going:
        failing = going.sensors[1].peripheral
        assert isinstance(failing, VirtualMovellaDot)
        failing.sync_code = 7
        await going.reach(LinkState.STREAMING)
        assert [synced(going, k) for k in range(3)] == [[1.0], [0.0], [1.0]]
        going.sensors[2].restart()
        await going.pass_through(LinkState.STREAMING, going.sensors[2], 2)
        assert synced(going, 2) == [1.0, 0.0]
        assert going.sensors[2].clock is not going.sensors[0].clock
    said = capsys.readouterr()
    assert "its clock runs too differently from the root's" in said.out + said.err
    assert "has a clock of its own again" in said.out + said.err


async def test_one_that_is_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.radio.agreement.HEARD_WITHIN_S", 3.0)
    async with session(dots(3), specs=agreeing(3)) as going:
        going.sensors[2].hide()
        await going.reach(LinkState.STREAMING, *going.sensors[:2])
        going.sensors[2].show()
        await going.reach(LinkState.STREAMING)
        assert [synced(going, k) for k in range(3)] == [[1.0], [1.0], [0.0]]
