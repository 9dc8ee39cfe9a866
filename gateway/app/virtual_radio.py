"""Virtual sensors on the simulated person, over a virtual radio, through the real bleak."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.config.settings import Config
from gateway.errors import KeyedError, UsageError
from gateway.messages import Marker, SensorSpec
from gateway.radio.bleak_link import BleakRadio
from gateway.radio.link import Radio
from simulators.movement.motion import Habits, Performer
from simulators.plans import Plan
from simulators.plans.files import load_plan

if TYPE_CHECKING:
    from simulators.radio_world.world import RadioWorld, Worn

RATE_HZ = 60.0
ADAPTERS = ("hci0", "hci1")
"""Two, because eight sensors are more than one adapter is trusted with."""
_ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")


def virtual_sensors(config: Config) -> tuple[SensorSpec, ...]:
    """Return the configured sensors, or where there are none, one of a kind at every place.

    Raises UsageError where one has no address, or where the extra is not installed, and
    ConfigError for a plan that is none.
    """
    plan = _plan(config)
    if plan is not None:
        return tuple(
            SensorSpec(w.address, w.place, w.driver, w.rate_hz, w.settings) for w in plan.sensors
        )
    specs = (SensorSpec(w.address, w.place, w.driver, RATE_HZ) for w in _worn(config))
    return config.sensor_specs() or tuple(specs)


@asynccontextmanager
async def virtual_radio(
    config: Config, began: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Radio]:
    """Open a world with the sensors and the person of a configuration; yield its radio.

    ``began`` is told when the person began to move (monotonic, ns).
    """
    async with virtual_world(config) as (radio, world):
        began(world.began_ns)
        yield radio


def virtual_performance(config: Config) -> tuple[Performer, list[Marker]]:
    """Return who moves in that world, and the remarks of what goes wrong in it."""
    _check_extra()
    from simulators.radio_world.performance import performer

    plan = _plan(config)
    if plan is None:
        return performer(config.source.scenario, config.source.seed), []
    moves = performer(plan.scenario, plan.seed, Habits(speed_mps=plan.speed_mps))
    return moves, plan.markers(config.person.id)


@asynccontextmanager
async def virtual_world(config: Config) -> AsyncIterator[tuple[Radio, RadioWorld]]:
    """Open the same world; yield its radio and itself."""
    _check_extra()
    from simulators.radio_world.world import open_planned_world, open_world

    chosen = config.source
    adapters, plan = chosen.adapters or ADAPTERS, _plan(config)
    if plan is not None:
        async with open_planned_world(plan, adapters=adapters) as world:
            yield BleakRadio(adapters, **world.backend), world
        return
    async with open_world(
        _worn(config), adapters=adapters, scenario=chosen.scenario, seed=chosen.seed
    ) as world:
        yield BleakRadio(adapters, **world.backend), world


def _plan(config: Config) -> Plan | None:
    """Return the plan that the configuration names, if it does; raises ConfigError."""
    return load_plan(config.source.plan) if config.source.plan else None


def _worn(config: Config) -> tuple[Worn, ...]:
    _check_extra()
    from simulators.places import PLACES
    from simulators.radio_world.world import Worn, eight

    for number, sensor in enumerate(config.sensors):
        if not _ADDRESS.fullmatch(sensor.sensor):
            raise KeyedError(
                f"sensor {sensor.sensor!r}: a virtual sensor needs an address such as "
                "D4:22:CD:00:00:01",
                *("sensors", number, "sensor"),
            )
        if sensor.place is not None and sensor.place not in PLACES:
            raise KeyedError(
                f"{sensor.place}: the simulated person has sensors at {', '.join(PLACES)} only",
                *("sensors", number, "place"),
            )
    worn = tuple(Worn(sensor.driver, sensor.place, sensor.sensor) for sensor in config.sensors)
    return worn or eight()


def _check_extra() -> None:
    try:
        import bumble  # noqa: F401, what is asked is whether it is there
    except ImportError as error:
        raise UsageError(
            "the virtual radio needs an extra that is not installed; install it with "
            "`pip install 'gaitwire[radio]'`"
        ) from error
