"""Plans as TOML files; every mistake is told with file, key and what was expected.

The file's keys are those of ``Plan``: who moves how, ``[radio]``, ``[[sensors]]`` and
``[[faults]]``. Times are in seconds of the session.
"""

from __future__ import annotations

from collections import Counter
from importlib import resources
from pathlib import Path

from gateway.drivers import FASTEST_HZ, SLOWEST_HZ, driver, nearest_rate_hz, settled
from gateway.errors import ConfigError, UsageError
from gateway.messages import Place
from gateway.text_file import read_text
from gateway.toml_table import TomlTable
from simulators.movement.scenarios import SCENARIOS
from simulators.peripherals import peripherals
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.radio import Link
from simulators.sensing.faults import PAIRED, Fault, FaultKind

_KEYS = ("scenario", "seed", "seconds", "speed_mps", "radio", "sensors", "faults")
_RADIO = ("interval_ms", "loss", "stall_every_s", "stall_ms")
_SENSOR = ("place", "driver", "rate_hz", "clock_s", "drift_ppm", "rssi_dbm", "settings")
_FAULT = ("kind", "place", "at_s", "for_s")
_USUAL_HZ = 60.0
_LONGEST_S = 3600.0
"""A session here is an hour at most, and so is all that happens in it."""
_OLDEST_S = 1e8
"""Three years after it was switched on."""
_WORST_PPM = 1000.0
"""Twenty times what crystals of sensors do."""
_READY = resources.files("simulators.plans.ready")


def ready_plans() -> list[str]:
    """Return the names of the plans that come with the package."""
    names = (entry.name for entry in _READY.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_plan(file: str) -> Plan:
    """Return the plan in a file, or a ready one by its name; raises ConfigError."""
    ready = ready_plans()
    if file in ready:
        return read_plan(_READY.joinpath(f"{file}.toml").read_text(encoding="utf-8"), file)
    return read_plan(read_text(Path(file), f"ready to use are {', '.join(ready)}"), file)


def read_plan(text: str, file: str) -> Plan:
    """Return the plan that the ``text`` of ``file`` says; raises ConfigError."""
    table = TomlTable.parse(text, file)
    table.only(_KEYS)
    sensors = tuple(
        _sensor(one, number, file) for number, one in enumerate(table.tables("sensors"), start=1)
    )
    if not sensors:
        table.fail("sensors", "this key is missing; name one sensor at least")
    for place, count in Counter(worn.place for worn in sensors if worn.place).items():
        if count > 1:
            table.fail("sensors", f"{count} sensors are worn at {place}; give each a place")
    seconds = table.within("seconds", 1.0, _LONGEST_S, 60.0)
    speed_mps = table.number("speed_mps", 0.0)
    if speed_mps and not 0.3 <= speed_mps <= 2.1:
        table.fail("speed_mps", f"people walk at 0.3 to 2.1 m/s here, not at {speed_mps:g}")
    return Plan(
        name=Path(file).stem,
        scenario=table.choice("scenario", sorted(SCENARIOS), "walk"),
        seed=table.whole("seed", 0, 2**31, 1),
        seconds=seconds,
        sensors=sensors,
        speed_mps=speed_mps or None,
        radio=_radio(table.table("radio")),
        faults=tuple(_fault(one, sensors) for one in table.tables("faults")),
    )


def _radio(table: TomlTable) -> Link:
    table.only(_RADIO)
    usual = Link()
    return Link(
        loss=table.within("loss", 0.0, 0.99, usual.loss),
        interval_s=table.within("interval_ms", 7.5, 4000.0, usual.interval_s * 1e3) * 1e-3,
        stall_every_s=table.within("stall_every_s", 0.1, _LONGEST_S, usual.stall_every_s),
        stall_s=table.within("stall_ms", 0.0, _LONGEST_S * 1e3, usual.stall_s * 1e3) * 1e-3,
    )


def _sensor(table: TomlTable, number: int, file: str) -> WornSensor:
    table.only(_SENSOR)
    driver_name = table.choice("driver", sorted(peripherals()), "movella_dot")
    settings = table.table("settings").scalars()
    asked_hz = table.within("rate_hz", SLOWEST_HZ, FASTEST_HZ, 0.0)
    try:
        rate_hz = asked_hz or nearest_rate_hz(driver_name, settings, _USUAL_HZ)
        settled(driver_name, settings, rate_hz)
    except UsageError as error:
        raise ConfigError(f"{file}: sensors[{number - 1}] {error}") from error
    return WornSensor(
        address=address(number),
        place=_place(table, driver_name),
        driver=driver_name,
        rate_hz=rate_hz,
        settings=settings,
        clock_s=table.within("clock_s", 0.0, _OLDEST_S, 0.0),
        drift_ppm=table.within("drift_ppm", -_WORST_PPM, _WORST_PPM, 0.0),
        rssi_dbm=table.whole("rssi_dbm", -100, -20, -60),
    )


def _place(table: TomlTable, driver_name: str) -> Place | None:
    if driver(driver_name).about.motion:
        return Place(table.choice("place", [str(place) for place in PLACES]))
    if table.has("place"):
        table.fail("place", f"a sensor of driver {driver_name} measures no motion; leave it out")
    return None


def _fault(table: TomlTable, sensors: tuple[WornSensor, ...]) -> Fault:
    table.only(_FAULT)
    kind = FaultKind(table.choice("kind", [str(kind) for kind in FaultKind]))
    worn = [str(worn.place) for worn in sensors if worn.place]
    if kind is FaultKind.SWAPPED:
        worn = [place for place in worn if Place(place) in PAIRED]
    of_all = kind is FaultKind.ADAPTER_OFF
    if of_all and table.has("place"):
        table.fail("place", f"{kind} strikes all sensors; leave it out")
    place = None if of_all else Place(table.choice("place", worn))
    return Fault(
        kind,
        place,
        at_s=table.within("at_s", 0.0, _LONGEST_S),
        seconds=table.within("for_s", 0.0, _LONGEST_S, float("inf")),
    )
