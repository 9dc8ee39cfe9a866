"""What goes wrong in a virtual world, when its time has come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gateway.tasks import one_error
from simulators.radio_world.adapter import Adapter
from simulators.radio_world.hosted import HostedSensor
from simulators.radio_world.performance import Performance
from simulators.sensing.faults import Fault, FaultKind

_FLAGS = {
    FaultKind.STALL: "frozen",
    FaultKind.REFUSED: "refusing",
    FaultKind.DUPLICATED: "doubling",
    FaultKind.OUT_OF_ORDER: "disorderly",
}
_GONE = {FaultKind.DISCONNECT, FaultKind.ELSEWHERE, FaultKind.RESTART, FaultKind.BATTERY_FLAT}


async def befall(
    faults: Sequence[Fault],
    sensors: Mapping[str, HostedSensor],
    adapters: Mapping[str, Adapter],
    performance: Performance,
) -> None:
    """Let every fault of a link or a device happen; those of what is felt the performance makes."""
    with one_error():
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                for sensor in sensors.values():
                    if fault.place is not None and fault.strikes(sensor.place):
                        group.create_task(_befall_sensor(fault, sensor, performance))
                if fault.kind is FaultKind.ADAPTER_OFF:
                    group.create_task(_befall_adapters(fault, adapters, performance))


async def _befall_adapters(
    fault: Fault, adapters: Mapping[str, Adapter], performance: Performance
) -> None:
    await _until(fault.at_s, performance)
    for adapter in adapters.values():
        adapter.switch_off()
    await _until(fault.until_s, performance)
    for adapter in adapters.values():
        adapter.switch_on()


async def _befall_sensor(fault: Fault, sensor: HostedSensor, performance: Performance) -> None:
    await _until(fault.at_s, performance)
    over = await _begin(fault, sensor)
    await _until(fault.until_s, performance)
    over()


async def _begin(fault: Fault, sensor: HostedSensor) -> Callable[[], None]:
    """Let a fault begin; return how it ends."""
    flag = _FLAGS.get(fault.kind)
    if flag is not None:
        setattr(sensor, flag, True)
    if fault.kind in _GONE:
        sensor.hide()
    match fault.kind:
        case FaultKind.DISCONNECT | FaultKind.ELSEWHERE | FaultKind.REFUSED:
            await sensor.drop()
        case FaultKind.RESTART | FaultKind.BATTERY_FLAT:
            sensor.restart()
        case FaultKind.OUT_OF_RANGE:
            sensor.carry_away()
            return sensor.bring_back
        case FaultKind.OVERFLOW:
            sensor.stall(fault.seconds)
        case _:
            pass
    if flag is not None:
        return partial(setattr, sensor, flag, False)
    return sensor.show


async def _until(world_s: float, performance: Performance) -> None:
    if math.isfinite(world_s):
        await asyncio.sleep(world_s - performance.now_s)
    else:
        await asyncio.Event().wait()
