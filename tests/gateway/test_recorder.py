"""Entries of one second, the same however packets and blocks are handed in."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from hypothesis import given, settings, strategies as st

from gateway.decoding.packet_blocks import between, joined
from gateway.journal import Journal, SessionRecorder, open_journal
from gateway.journal.seconds import SECOND_NS, BlockRecorder, GridBlock, PacketRecorder
from gateway.messages import (
    GaitEvent,
    GaitEventKind,
    Message,
    PacketBlock,
    Quality,
    Side,
    Stride,
    Tick,
)
from tests.contract import piece
from tests.gateway.session_files import INFO, ORIGIN_NS, angles, estimates, marker, packets


def recut(block: PacketBlock, edges: Sequence[int]) -> list[PacketBlock]:
    return [between(block, *edge) for edge in itertools.pairwise(edges)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, SECOND_NS - 1))
def test_packets_are_cut_by_the_second_however_they_come(cuts: list[int], first_ns: int) -> None:
    block = packets("a", 400, 90.0, first_ns)
    edges = [0, *sorted(cuts), 400]
    recorder = PacketRecorder(ORIGIN_NS)
    found = [b for part in recut(block, edges) for b in recorder.push([part])] + recorder.flush()
    seconds = [(b.arrival_ns - ORIGIN_NS) // SECOND_NS for b in found]
    assert [set(second.tolist()) for second in seconds] == [{k} for k in range(len(found))]
    whole = joined(found)
    assert whole.payload == block.payload
    assert np.array_equal(whole.ends, block.ends)
    assert np.array_equal(whole.arrival_ns, block.arrival_ns)


def test_a_second_closes_for_all_sensors_together() -> None:
    recorder = PacketRecorder(ORIGIN_NS)
    assert recorder.push([packets("b", 50, 100.0), packets("a", 20, 100.0)]) == []
    closed = recorder.push([packets("a", 10, 100.0, first_ns=SECOND_NS)])
    assert [(block.sensor, len(block.ends)) for block in closed] == [("a", 20), ("b", 50)]
    assert [(block.sensor, len(block.ends)) for block in recorder.flush()] == [("a", 10)]


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([100.0, 204.8, 285.714285, 0.7]),
    st.integers(0, 500),
    st.lists(st.integers(0, 900), max_size=12),
    st.sampled_from([angles, estimates]),
)
def test_blocks_are_cut_by_the_second_however_they_come(
    rate_hz: float, start: int, cuts: list[int], make: Callable[[int, int, float], GridBlock]
) -> None:
    block = make(start, 900, rate_hz)
    parts = [piece(block, a, b) for a, b in _pairs([0, *sorted(cuts), 900])]
    found = [done for recorder in [BlockRecorder()] for done in _through(recorder, parts)]
    whole = [done for recorder in [BlockRecorder()] for done in _through(recorder, [block])]
    assert [done.start for done in found] == [done.start for done in whole]
    for name in (field.name for field in dataclasses.fields(block)):
        if isinstance(getattr(block, name), np.ndarray):
            again = np.concatenate([getattr(done, name) for done in found])
            assert np.array_equal(again, getattr(block, name))
    for done in found[1:]:
        second = done.start / rate_hz
        assert second - int(second + 1e-6) < 1 / rate_hz


def test_a_jump_on_the_grid_ends_an_entry() -> None:
    recorder = BlockRecorder()
    assert recorder.push(angles(0, 10)) == []
    (before,) = recorder.push(angles(40, 10))
    (after,) = recorder.flush()
    assert (before.start, len(before.angle_rad)) == (0, 10)  # type: ignore[union-attr]  # blocks
    assert (after.start, len(after.angle_rad)) == (40, 10)  # type: ignore[union-attr]  # blocks


def _pairs(edges: Sequence[int]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(edges))


def _through(recorder: BlockRecorder, blocks: Sequence[GridBlock]) -> list[GridBlock]:
    return [done for block in blocks for done in recorder.push(block)] + recorder.flush()


# --- the whole recorder -----------------------------------------------------------------------

GOOD = Quality(1.0)
RESULTS: list[Message] = [
    Stride("p1", Side.LEFT, 0.5, 1.5, 1.0, 120.0, 0.6, GOOD),
    GaitEvent("p1", 1.5, 1.6, Side.LEFT, GaitEventKind.INITIAL_CONTACT, GOOD),
]


def test_the_recorder_keeps_packets_and_results_and_nothing_else(tmp_path: Path) -> None:
    recorder = SessionRecorder(Journal.create(tmp_path / "s.gaitwire", INFO), ORIGIN_NS)
    recorder.packets([packets("a", 250, 100.0)])
    assert recorder.commit_due
    recorder.messages([Tick(1), *RESULTS, angles(0, 150), packets("a", 3, 1.0)])
    recorder.messages([marker(3)], truth=True)
    recorder.commit()
    assert not recorder.commit_due
    recorder.close()
    with open_journal(tmp_path / "s.gaitwire") as journal:
        assert journal.counts() == {
            "packets": 3,
            "stride": 1,
            "gait_event": 1,
            "joint_angles": 2,
            "truth:marker": 1,
        }
        times = {entry.kind: entry.t_ns for entry in journal.entries(0, 100)}
        assert times["stride"] == times["gait_event"] == 3 * SECOND_NS // 2
        assert times["packets"] == 2 * SECOND_NS


def test_recording_costs_little(tmp_path: Path) -> None:
    """A thousand seconds of two feet at 200 Hz, in blocks of ten seconds."""
    recorder = SessionRecorder(Journal.create(tmp_path / "s.gaitwire", INFO), ORIGIN_NS)
    rate, size, seconds = 200, 36, 10
    count = rate * seconds
    ends = np.arange(1, count + 1) * size
    begun = time.process_time()
    for chunk in range(100):
        arrival = ORIGIN_NS + (chunk * count + np.arange(count)) * (SECOND_NS // rate)
        blocks = [PacketBlock(s, "motion", arrival, bytes(count * size), ends) for s in ("l", "r")]
        recorder.packets(blocks)
        recorder.messages([angles(chunk * 1000, 1000), *RESULTS * 30])
    recorder.close()
    spent = time.process_time() - begun
    with open_journal(tmp_path / "s.gaitwire") as journal:
        assert journal.last_seq == 2000 + 1000 + 6000
    assert spent < 1.0, f"{spent:.2f} s: recording costs several times what it did"
