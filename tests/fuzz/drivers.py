"""Feed drivers with damaged packets of their virtual sensors, led by what code they reach.

    python -m tests.fuzz.drivers                      # every driver, a million packets each
    python -m tests.fuzz.drivers movesense --packets 50000 --seed 7
    python -m tests.fuzz.drivers movesense --again crash-0123…

Needs atheris, which the extra ``test`` brings where there is a build of it (Linux on x86-64).
Whatever a driver makes of the packets must be sound (``tests.gateway.drivers.sound``), without a
warning, and no value that is not finite may come out of the pipe's first stage. What breaks that
is said with a traceback and kept in a file ``crash-…``, to be handed in again.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import typer

from gateway.decoding.stage import Decode
from gateway.drivers import Decoded, Driver, Settings, driver, drivers
from gateway.drivers.packets import payloads
from gateway.drivers.sample_frame import frames
from gateway.errors import UnableError, UsageError
from gateway.messages import ImuBlock, PacketBlock, Place, SensorSpec, Tick, message
from simulators.peripherals import maker
from tests.gateway.drivers.desk import SENSOR, Desk, movement
from tests.gateway.drivers.sound import block_of, check_sound

_CHUNK = 12
_LONGEST = 600
_MOST = 4 * _CHUNK
"""Packets of an input, so that short ones, as of a battery, do not outnumber all others."""
_HOSTILE = tuple(
    np.array(value, kind).tobytes()
    for kind, values in (
        ("<f4", (np.nan, np.inf, -np.inf, 3e38)),
        ("<f8", (np.nan, np.inf, 1e308)),
        ("<u4", (2**32 - 1, 0x7F800001)),
        ("<i2", (-32768, 32767)),
    )
    for value in values
)
"""Numbers at the ends of what they can be, and beyond; 0x7f800001 is a signalling NaN."""


@message
class Case:
    """A driver with settings, and what its sensor sent on one channel."""

    driver: Driver
    settings: Settings
    rate_hz: float
    channel: str
    packets: tuple[bytes, ...]


def cases(name: str) -> list[Case]:
    """Return the driver with its defaults, then with every setting at each other choice."""
    chosen = driver(name)
    if chosen.advertising is None:
        return [_recorded(chosen, {}), _recorded(chosen, {"tick_ns": 1000, "bits": 32})]
    others = [
        {setting.name: choice}
        for setting in chosen.about.settings
        for choice in setting.choices
        if choice != setting.default
    ]
    return [case for settings in ({}, *others) for case in _streamed(chosen, settings)]


def _streamed(chosen: Driver, settings: Settings) -> list[Case]:
    """Return what a virtual sensor sends on each channel, at the highest rate that can be."""
    for rate_hz in sorted(chosen.about.rates_hz, reverse=True) or [100.0]:
        try:
            desk = Desk(chosen, maker(chosen.name, settings)(SENSOR), settings, rate_hz)
            desk.start()
        except (UsageError, UnableError):
            continue
        desk.feel(movement(desk.sensor.rate_hz, seconds=40 / desk.sensor.rate_hz))
        return [
            Case(chosen, desk.settings, rate_hz, channel, tuple(payloads(desk.block(channel))))
            for channel in desk.channels()
        ]
    return []


def _recorded(chosen: Driver, settings: Settings) -> Case:
    """Return frames of a recording."""
    felt = movement(100.0, seconds=0.4)
    joined = frames(felt.device_ns // 1000, felt.acc, felt.gyr)
    size = len(joined) // len(felt.acc)
    packets = tuple(joined[at : at + size] for at in range(0, len(joined), size))
    return Case(chosen, settings, 100.0, "motion", packets)


def check(case: Case, packets: Sequence[bytes]) -> None:
    """Check what comes of packets; raises AssertionError, or what the driver raised."""
    block = block_of(packets, case.channel)
    decoded = case.driver.decode(case.channel, block, case.settings)
    check_sound(decoded, len(packets), case.driver.streams(case.settings, case.rate_hz))
    if _is_piped(decoded):
        _check_finite(case, block)


def _is_piped(decoded: Decoded) -> bool:
    """Say whether the first stage reads it: one stream of acceleration and rate of turn."""
    return [s.acc is not None and s.gyr is not None for s in decoded.samples] == [True]


def _check_finite(case: Case, block: PacketBlock) -> None:
    spec = SensorSpec(SENSOR, Place.PELVIS, case.driver.name, case.rate_hz, dict(case.settings))
    stage = Decode([spec])
    for produced in [*stage.push(block), *stage.push(Tick(int(block.arrival_ns[-1])))]:
        if isinstance(produced, ImuBlock):
            assert np.isfinite(produced.acc).all(), "an acceleration is passed on that is none"
            assert np.isfinite(produced.gyr).all(), "a rate of turn is passed on that is none"


def packed(case: int, packets: Sequence[bytes]) -> bytes:
    """Return an input of the fuzzer: the case, then packets with their lengths before them."""
    return bytes([case]) + b"".join(len(p).to_bytes(2, "big") + p for p in packets)


def unpacked(data: bytes) -> tuple[int, list[bytes]]:
    """Return case and packets of any input."""
    packets: list[bytes] = []
    at = 1
    while at + 2 <= len(data) and len(packets) < _MOST:
        size = int.from_bytes(data[at : at + 2], "big") % _LONGEST
        packets.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return (data[0] if data else 0), packets


def mutated(data: bytes, longest: int, seed: int, mutate: Callable[[bytes, int], bytes]) -> bytes:
    """Return an input with packets changed, cut, lost, sent twice, or out of order."""
    draw = random.Random(seed)
    case, packets = unpacked(data)
    for _ in range(draw.randint(1, 2 + len(packets) // 2)):
        if packets:
            _damage(packets, draw, mutate)
    return packed(case, packets)[:longest] if packets else mutate(data, longest)


def _damage(
    packets: list[bytes], draw: random.Random, mutate: Callable[[bytes, int], bytes]
) -> None:
    """Do one thing to one packet."""
    which = draw.randrange(len(packets))
    own = packets[which]
    at = draw.randrange(len(own) + 1)
    match draw.randrange(16):
        case 0:
            del packets[which]
        case 1:
            packets.insert(draw.randrange(len(packets) + 1), own)
        case 2:
            packets.insert(draw.randrange(len(packets)), packets.pop(which))
        case 3:
            packets[which] = own[:at]
        case 4 | 5 | 6 | 7:
            value = draw.choice(_HOSTILE)
            packets[which] = own[:at] + value + own[at + len(value) :]
        case _:
            packets[which] = mutate(own, len(own) + 32)


def fuzz(name: str, packets: int, seed: int) -> None:
    """Feed one driver in this process, which ends with it."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["gateway.drivers"]):
        known = cases(name)
    warnings.simplefilter("error")
    began, fed = time.monotonic(), 0

    def feed(data: bytes) -> None:
        nonlocal fed
        which, given = unpacked(data)
        if given:
            check(known[which % len(known)], given)
        fed += len(given)
        if fed >= packets:
            took = time.monotonic() - began
            typer.echo(f"{name}: {fed} packets, {fed / took:.0f}/s, nothing broke")
            os._exit(0)  # the fuzzer itself never returns

    def mutator(data: bytes, longest: int, own_seed: int) -> bytes:
        return mutated(data, longest, own_seed, atheris.Mutate)

    with tempfile.TemporaryDirectory() as corpus:
        for which, case in enumerate(known):
            for first in range(0, len(case.packets), _CHUNK):
                chunk = packed(which, case.packets[first : first + _CHUNK])
                (Path(corpus) / f"{which}-{first}").write_bytes(chunk)
        # Small inputs are not preferred: what a call costs is shared by all packets in it.
        options = [f"-seed={seed}", "-max_len=8192", "-reduce_inputs=0", "-keep_seed=1"]
        options += [f"-artifact_prefix={tempfile.gettempdir()}/", corpus]
        atheris.Setup([sys.argv[0], *options], feed, custom_mutator=mutator)
        atheris.Fuzz()


def main() -> None:
    """Fuzz one driver, or each in a process of its own."""
    parser = argparse.ArgumentParser(description="Feed drivers with damaged packets.")
    parser.add_argument("driver", nargs="?", help="all drivers, if not given")
    parser.add_argument("--packets", type=int, default=10**6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, help="a file crash-… to be handed in again")
    asked = parser.parse_args()
    if asked.again:
        warnings.simplefilter("error")
        which, given = unpacked(asked.again.read_bytes())
        known = cases(asked.driver)
        check(known[which % len(known)], given)
    elif asked.driver:
        fuzz(asked.driver, asked.packets, asked.seed)
    else:
        options = ["--packets", str(asked.packets), "--seed", str(asked.seed)]
        runs = [[sys.executable, "-m", "tests.fuzz.drivers", name, *options] for name in drivers()]
        sys.exit(max(subprocess.run(run, check=False).returncode for run in runs))


if __name__ == "__main__":
    main()
