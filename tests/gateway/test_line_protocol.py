"""Line protocol: what is written is what the real InfluxDB reads back."""

from __future__ import annotations

import asyncio
import math
import uuid

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from numpy.testing import assert_array_equal

from gateway.sinks.influx import InfluxSink
from gateway.sinks.line_protocol import (
    FieldValue,
    block_lines,
    head,
    key_text,
    line,
    wall_time,
    wall_times,
)
from tests.services.influx import Database

T0_NS = 1_790_000_000_000_000_000
# NUL and lone surrogates are not text that anybody writes; InfluxDB keeps valid UTF-8 only.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\n\t\r\\",= '))


def test_a_line_as_the_specification_has_it() -> None:
    fields: dict[str, FieldValue] = {
        "count": 3,
        "rom_deg": 91.5,
        "target_reached": True,
        "text": 'say "\\"',
    }
    assert line(head("repetition", {"person": "p 1", "side": "a,b=c"}), fields, 12) == (
        r"repetition,person=p\ 1,side=a\,b\=c "
        r'count=3i,rom_deg=91.5000,target_reached=true,text="say \"\\\"" 12'
    )


def test_what_has_no_value_is_left_out() -> None:
    start = head("sensor", {"person": "", "place": "pelvis"})
    assert start == "sensor,place=pelvis"
    fields: dict[str, FieldValue] = {"battery": math.nan, "loss": math.inf, "text": "", "lost": 0}
    assert line(start, fields, 1) == "sensor,place=pelvis lost=0i 1"
    assert line(start, {"battery": math.nan}, 1) == ""


def test_a_block_omits_nan_fields_and_empty_rows() -> None:
    nan = math.nan
    values = np.array([[1.0, 2.0], [nan, 2.5], [nan, nan], [3.0, math.inf], [4.0, 5.0]])
    times = wall_times(T0_NS, start=100, count=5, rate_hz=100.0)
    assert block_lines("m,k=100%", ["a%", "b"], values, times) == [
        f"m,k=100% a%=1.0000,b=2.0000 {T0_NS + 1_000_000_000}",
        f"m,k=100% b=2.5000 {T0_NS + 1_010_000_000}",
        f"m,k=100% a%=3.0000 {T0_NS + 1_030_000_000}",
        f"m,k=100% a%=4.0000,b=5.0000 {T0_NS + 1_040_000_000}",
    ]
    assert block_lines("m", ["a", "b"], np.empty((0, 2)), np.empty(0, np.int64)) == []


@given(
    start=st.integers(0, 10**9),
    cut=st.integers(0, 50),
    rate_hz=st.sampled_from([25.0, 60.0, 100.0, 102.4, 120.0, 200.0, 285.71]),
)
def test_times_do_not_depend_on_how_blocks_are_cut(start: int, cut: int, rate_hz: float) -> None:
    whole = wall_times(T0_NS, start, 50, rate_hz)
    parts = [
        wall_times(T0_NS, start, cut, rate_hz),
        wall_times(T0_NS, start + cut, 50 - cut, rate_hz),
    ]
    assert_array_equal(whole, np.concatenate(parts))
    assert (np.diff(whole) > 0).all()
    assert abs(int(whole[7]) - wall_time(T0_NS, (start + 7) / rate_hz)) <= 2_000  # ns


@given(
    values=st.lists(
        st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=2, max_size=2), max_size=30
    )
)
def test_a_block_is_the_same_as_its_rows_one_by_one(values: list[list[float]]) -> None:
    array = np.array(values, float).reshape(-1, 2)
    times = wall_times(T0_NS, 0, len(array), 100.0)
    one_by_one = [
        line("m", dict(zip(("a", "b"), row, strict=True)), time)
        for row, time in zip(array.tolist(), times.tolist(), strict=True)
    ]
    assert block_lines("m", ["a", "b"], array, times) == [text for text in one_by_one if text]


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(points=st.lists(st.tuples(TEXT, TEXT, TEXT, st.floats(-1e9, 1e9)), min_size=1, max_size=60))
def test_the_real_server_reads_back_what_was_written(
    database: Database, points: list[tuple[str, str, str, float]]
) -> None:
    run = uuid.uuid4().hex
    written = [
        line(
            head("m", {"run": run, "n": str(n), "tag": tag, f"k{key}": "v"}),
            {"t": text, "x": value},
            T0_NS + n,
        )
        for n, (tag, key, text, value) in enumerate(points)
    ]
    asyncio.run(_deliver(database, written))
    rows = {int(row["n"]): row for row in _read(database, run)}
    assert len(rows) == len(points)
    for n, (tag, key, text, value) in enumerate(points):
        row = rows[n]
        assert row.get("tag", "") == _as_kept(tag)
        assert row[_as_kept(f"k{key}")] == "v"
        # The server's CSV has line breaks of its own.
        assert row.get("t", "").replace("\r", "") == text.replace("\r", "")
        assert float(row["x"]) == float(f"{value:.4f}")


def test_a_key_needs_no_escape_that_the_format_does_not_have() -> None:
    assert key_text("D4:22\\x,=\n") == r"D4:22/x\,\=\ "


def _as_kept(text: str) -> str:
    """Return what a key or tag says after its round trip."""
    return text.translate(str.maketrans("\\\n\r\t", "/   "))


async def _deliver(bucket: Database, lines: list[str]) -> None:
    sink = InfluxSink(bucket.section)
    async with sink.connected():
        await sink.deliver(lines)
    assert (sink.written, sink.refused) == (len(lines), 0)


def _read(database: Database, run: str) -> list[dict[str, str]]:
    return database.influx.query(
        f'from(bucket: "{database.bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z)'
        f' |> filter(fn: (r) => r.run == "{run}")'
        ' |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'
    )
