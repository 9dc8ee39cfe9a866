"""A plan of a session with anything going wrong, from a seed."""

from __future__ import annotations

import dataclasses

import numpy as np

from gateway.drivers import driver
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.radio import Link
from simulators.sensing.faults import PAIRED, Fault, FaultKind

SECONDS = 30.0
SCENARIOS = ("walk", "clinic", "squat")
DRIVERS = (
    "movella_dot", "metamotion", "movesense", "openearable", "polar_pmd", "bluest", "muse",
    "esense", "witmotion", "thingy52", "adafruit", "nicla",
)  # fmt: skip
OWN_RATE_HZ = {"bluest": 100.0, "polar_pmd": 52.0}
"""Sensors that have one rate for all that they send."""
LEAST_HZ = 50.0
COMMON = ("movella_dot", "movesense", "metamotion")


def draw(seed: int) -> Plan:
    """Return the plan of ``seed``."""
    rng = np.random.default_rng([seed, 100])
    kinds = list(FaultKind)
    count = int(rng.integers(1, 5))
    return Plan(
        name=f"drawn-{seed}",
        scenario=str(rng.choice(SCENARIOS)),
        seed=seed,
        seconds=SECONDS,
        sensors=tuple(_sensor(number, rng) for number in range(1, len(PLACES) + 1)),
        radio=Link(loss=float(rng.choice([0.0, 0.002, 0.02])), stall_every_s=30.0),
        faults=tuple(_fault(kinds[int(rng.integers(len(kinds)))], rng) for _ in range(count)),
    )


def without_faults(plan: Plan) -> Plan:
    """Return the same session with nothing going wrong."""
    return dataclasses.replace(plan, faults=())


def _sensor(number: int, rng: np.random.Generator) -> WornSensor:
    names = COMMON if rng.random() < 0.7 else DRIVERS
    name = str(rng.choice(names))
    rates = (
        [OWN_RATE_HZ[name]]
        if name in OWN_RATE_HZ
        else sorted(rate for rate in driver(name).about.rates_hz or (LEAST_HZ,) if rate >= LEAST_HZ)
    )
    return WornSensor(
        address=address(number),
        place=PLACES[number - 1],
        driver=name,
        rate_hz=float(rng.choice(rates[:2])),
        clock_s=float(rng.choice([0.0, rng.uniform(0, 600), 4290.0])),
        drift_ppm=float(rng.normal(0, 30)),
    )


def _fault(kind: FaultKind, rng: np.random.Generator) -> Fault:
    at_s = float(np.round(rng.uniform(0.5, SECONDS - 5), 2))
    for_s = float(np.round(rng.exponential(2.0) + 0.05, 2))
    if kind in {FaultKind.BATTERY_FLAT, FaultKind.REMOUNTED} and rng.random() < 0.5:
        for_s = float("inf")
    places = PAIRED if kind is FaultKind.SWAPPED else PLACES
    place = places[int(rng.integers(len(places)))]
    return Fault(kind, None if kind is FaultKind.ADAPTER_OFF else place, at_s, for_s)
