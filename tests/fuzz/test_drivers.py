"""Drivers fed with damaged packets, led by what code they reach: a little of it at every run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from gateway.drivers import drivers
from gateway.drivers.sample_frame import frames
from tests.fuzz.drivers import cases, check, mutated, packed, unpacked

ROOT = Path(__file__).parents[2]
PACKETS = 10_000
SEED = 1
FUZZER = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has no build for this machine; install it to run this",
)


@FUZZER
@pytest.mark.parametrize("name", sorted(drivers()))
def test_damaged_packets_do_no_harm(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.drivers", name]
    options = ["--packets", str(PACKETS), "--seed", str(SEED)]
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"seed {SEED}:\n{done.stdout}{done.stderr}"
    assert f"{name}: " in done.stdout
    assert "nothing broke" in done.stdout


def dot(*values: float) -> bytes:
    """A packet of a Movella DOT in its default mode, that begins with these values."""
    return bytes(4) + np.array(values, "<f4").tobytes().ljust(40, b"\0")


def frame(ticks: int) -> bytes:
    """A frame of a recording; a time below zero is one of the latest that its field holds."""
    return frames(np.array([ticks]), np.ones((1, 3)), np.ones((1, 3)))


@pytest.mark.parametrize(
    ("name", "packets"),
    [
        ("movella_dot", [dot(0.0), bytes(4) + b"\x01\0\x80\x7f" * 10]),
        ("sample_frame", [frame(1), frame(2**62), frame(-1)]),
    ],
)
def test_what_once_broke_a_driver(name: str, packets: list[bytes]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for case in cases(name):
            check(case, packets)


@pytest.mark.parametrize("name", sorted(drivers()))
def test_every_setting_is_fed_with_what_its_sensor_sends(name: str) -> None:
    known = cases(name)
    assert known
    for case in known:
        assert case.packets
        check(case, case.packets)


def test_inputs_of_the_fuzzer_hold_packets_whatever_they_are() -> None:
    packets = [b"", b"abc", bytes(300)]
    assert unpacked(packed(7, packets)) == (7, packets)
    assert unpacked(b"") == (0, [])
    assert unpacked(b"\x05\xff") == (5, [])
    assert unpacked(b"\x05\0\x09ab") == (5, [b"ab"])
    for seed in range(200):
        data = mutated(packed(7, packets), 400, seed, lambda own, _: own[::-1])
        assert len(data) <= 400
        assert sum(map(len, unpacked(data)[1])) < 400
