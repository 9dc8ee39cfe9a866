"""When samples were taken, and which are missing."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.readings import Reading
from gateway.decoding.sampling import Sampling
from gateway.decoding.streams import Streams
from gateway.drivers import Samples
from gateway.messages import BoolArray, ImuBlock, Place, SensorSpec


def placed(driver: str, rate_hz: float, tick_ns: float, got: BoolArray) -> ImuBlock:
    """Place samples that were taken at ``rate_hz`` and told with a clock of ``tick_ns``."""
    sampling = Sampling(Streams.of([SensorSpec("s", Place.PELVIS, driver, rate_hz)]))
    taken_ns = np.flatnonzero(got) * (1e9 / rate_hz)
    count = len(taken_ns)
    samples = Samples(
        packet=np.arange(count),
        clipped=np.zeros(count, np.bool_),
        acc=np.zeros((count, 3)),
        gyr=np.zeros((count, 3)),
        ticks=np.floor(taken_ns / tick_ns).astype(np.int64),
    )
    arrival_ns = np.rint(taken_ns).astype(np.int64)
    zeros = np.zeros(count, np.int64)
    block = sampling.place([Reading(samples, zeros, arrival_ns, zeros)])
    assert block is not None
    return block


@pytest.mark.parametrize(
    ("driver", "rate_hz", "tick_ns"),
    [("movella_dot", 60.0, 1e3), ("bluest", 50.0, 8e6), ("esense", 50.0, 2e7)],
)
def test_every_lost_sample_is_counted(driver: str, rate_hz: float, tick_ns: float) -> None:
    got = np.random.default_rng(1).random(1000) > 0.05
    got[[0, -1]] = True
    assert placed(driver, rate_hz, tick_ns, got).lost.sum() == np.count_nonzero(~got)


def test_a_clock_as_slow_as_the_samples_tells_of_no_loss_that_was_none() -> None:
    got = np.ones(1000, np.bool_)
    assert placed("bluest", 100.0, 8e6, got).lost.sum() == 0
    got[300:310] = False
    lost = placed("bluest", 100.0, 8e6, got).lost
    assert 9 <= lost.sum() <= 10
    assert np.count_nonzero(lost) == 1
