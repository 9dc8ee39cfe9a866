"""Sensors by declaration: what a layout file may say, and what is told of one that is wrong."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, Samples, driver
from gateway.drivers.layout_file import TYPES, read_layout
from gateway.errors import ConfigError, UsageError
from gateway.messages import PacketBlock, RawPacket
from simulators.peripherals.layout import VirtualArduino
from tests.gateway.drivers.desk import SENSOR, Desk, movement, steps, subscribed, written

LAYOUT = driver("layout")
ROOT = Path(__file__).parents[3]
G = 9.80665
ACC = [
    f'{{ name = "acc_{axis}", type = "i16le", offset = {2 * n}, unit = "mg" }}'
    for n, axis in enumerate("xyz")
]
GOOD = {"name": '"own"', "notify": '"2a58"', "rate_hz": "50", "bytes": "8"}


def layout_text(fields: list[str], **keys: str) -> str:
    """Return a layout with these fields, and other values of the keys of ``GOOD``."""
    lines = [f"{key} = {value}" for key, value in (GOOD | keys).items() if value]
    return "\n".join([*lines, f"fields = [{', '.join(fields)}]"])


def block(*payloads: bytes) -> PacketBlock:
    return gathered([RawPacket(SENSOR, n, payload) for n, payload in enumerate(payloads)])[0]


def decoded(path: Path, text: str, *payloads: bytes) -> Samples:
    """Return the samples of packets of the layout ``text``."""
    file = path / "own.toml"
    file.write_text(text, encoding="utf-8")
    (samples,) = LAYOUT.decode("motion", block(*payloads), {"layout": str(file)}).samples
    return samples


def test_the_sketch_that_comes_along() -> None:
    desk = Desk(LAYOUT, VirtualArduino(SENSOR))
    assert desk.start() == {"rate_hz": 100.0}
    desk.feel(movement(100.0, seconds=0.06))
    desk.feel(movement(100.0, seconds=0.06, start_s=5.06))
    (samples,) = desk.decoded().samples
    felt = movement(100.0, seconds=0.12)
    assert samples.acc is not None
    assert samples.gyr is not None
    np.testing.assert_allclose(samples.acc, felt.acc, atol=G / 2048)
    np.testing.assert_allclose(samples.gyr, felt.gyr, atol=np.radians(1 / 16.4))
    assert samples.ticks is not None
    assert samples.ticks.tolist() == np.repeat([5_000_000, 5_040_000, 5_080_000], 4).tolist()
    assert samples.after is not None
    assert samples.after.tolist() == [0, 1, 2, 3] * 3


def test_the_sketch_and_its_layout_agree() -> None:
    sketch = (ROOT / "docs" / "arduino_imu.ino").read_text(encoding="utf-8")
    example = ROOT / "gateway" / "drivers" / "layouts" / "arduino_imu.toml"
    layout = read_layout(example.read_text(encoding="utf-8"), example.name)
    assert f'data("{layout.notify}"' in sketch
    assert f'setLocalName("{layout.name}")' in sketch
    assert f"SAMPLES = {layout.samples};" in sketch
    ((per_g,), (per_deg_s,)) = (
        re.findall(rf"{name} = ([0-9.]+)f", sketch) for name in ("PER_G", "PER_DEG_S")
    )
    assert layout.fields["acc_x"].si == pytest.approx(G / float(per_g))
    assert layout.fields["gyr_x"].si == pytest.approx(np.radians(1 / float(per_deg_s)))


def test_what_the_sensor_cannot_reach_is_marked() -> None:
    quiet, pushed = (
        struct.pack("<HI", 0, 0) + struct.pack("<6h", 0, 0, z, 0, 0, 0) * 4 for z in (2048, -8190)
    )
    (samples,) = LAYOUT.decode("motion", block(quiet, pushed), {}).samples
    assert samples.clipped.tolist() == [False] * 4 + [True] * 4


def test_six_floats_in_other_units_without_time(tmp_path: Path) -> None:
    names = [f"{part}_{axis}" for part in ("acc", "gyr") for axis in "xyz"]
    fields = [
        f'{{ name = "{name}", type = "f32le", offset = {4 * n + 4}, '
        f'unit = "{"g" if name < "b" else "deg/s"}" }}'
        for n, name in enumerate(names)
    ]
    vector = bytes.fromhex("000048410000000000 0080be0000803f000020410000a0c10000f041")
    samples = decoded(tmp_path, layout_text(fields, bytes="28"), vector)
    assert samples.acc is not None
    assert samples.gyr is not None
    np.testing.assert_allclose(samples.acc, [[0, -0.25 * G, G]])
    np.testing.assert_allclose(np.degrees(samples.gyr), [[10, -20, 30]])
    assert samples.ticks is None
    assert samples.after is None


def test_milli_units_with_milliseconds(tmp_path: Path) -> None:
    fields = ['{ name = "tick", type = "u32le", offset = 0, unit = "ms" }'] + [
        f'{{ name = "{part}_{axis}", type = "i16be", offset = {first + 2 * n}, unit = "{unit}" }}'
        for part, first, unit in (("acc", 4, "mg"), ("gyr", 10, "mrad/s"))
        for n, axis in enumerate("xyz")
    ]
    payload = struct.pack("<I", 2**32 - 1) + struct.pack(">6h", 1000, 0, -500, 250, 0, -32768)
    samples = decoded(tmp_path, layout_text(fields, bytes="16"), payload)
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks is not None
    np.testing.assert_allclose(samples.acc, [[G, 0, -G / 2]])
    np.testing.assert_allclose(samples.gyr, [[0.25, 0, -32.768]])
    assert samples.ticks.tolist() == [2**32 - 1]
    assert samples.clipped.tolist() == [True]


@pytest.mark.parametrize(
    ("unit", "tick_of", "tick_ms", "after"),
    [("packets", "first", 40.0, [0, 1]), ("samples", "last", 20.0, [-1, 0])],
)
def test_a_counter_is_the_clock_where_there_is_no_other(
    tmp_path: Path, unit: str, tick_of: str, tick_ms: float, after: list[int]
) -> None:
    counter = f'{{ name = "seq", type = "u16le", offset = 12, unit = "{unit}", bits = 12 }}'
    keys = {"bytes": "14", "samples": "2", "stride": "6", "tick_of": f'"{tick_of}"'}
    text = layout_text([*ACC, counter], **keys)
    payload = struct.pack("<6hH", 1, 2, 3, 4, 5, 6, 0xF007)
    samples = decoded(tmp_path, text, payload)
    (stream,) = LAYOUT.streams({"layout": str(tmp_path / "own.toml")}, 50.0)
    assert stream.clock is not None
    assert (stream.clock.bits, stream.clock.tick_ns) == (12, tick_ms * 1e6)
    assert not stream.gyr
    assert samples.gyr is None
    assert samples.acc is not None
    assert samples.ticks is not None
    assert samples.after is not None
    np.testing.assert_allclose(samples.acc * 1000 / G, [[1, 2, 3], [4, 5, 6]])
    assert samples.ticks.tolist() == [7, 7]
    assert samples.after.tolist() == after


def test_the_battery_may_come_along(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    text = layout_text([*ACC, '{ name = "battery", type = "u8", offset = 6 }'])
    file.write_text(text, encoding="utf-8")
    payloads = [bytes([0] * 6 + [level, 0]) for level in (42, 200)]
    facts = LAYOUT.decode("motion", block(*payloads), {"layout": str(file)}).facts
    assert [(at, fact.level) for at, fact in facts if isinstance(fact, Battery)] == [(0, 0.42)]


def test_start_and_stop_are_written(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    commands = (
        '[{ write = "FFF1", hex = "01 64" }, { write = "fff2", hex = "aa", response = false }]'
    )
    text = layout_text(ACC, start=commands, stop='[{ write = "fff1", hex = "00" }]')
    file.write_text(text, encoding="utf-8")
    done = steps(LAYOUT.start({"layout": str(file)}, 50.0))
    first, second = (f"0000fff{n}-0000-1000-8000-00805f9b34fb" for n in (1, 2))
    assert written(done) == [(first, "00"), (first, "0164"), (second, "aa")]
    assert subscribed(done) == ["00002a58-0000-1000-8000-00805f9b34fb"]
    assert written(steps(LAYOUT.stop({"layout": str(file)}, 50.0))) == [(first, "00")]


@pytest.mark.parametrize(
    ("fields", "keys", "told"),
    [
        (ACC, {"notify": ""}, "notify: this key is missing; expected is a text in quotes"),
        (ACC, {"notify": '"2a5"'}, "notify: expected is a UUID of 4 or of 36 characters"),
        (ACC, {"notify": "7"}, "notify: expected is a text in quotes, not 7"),
        (ACC, {"notfy": '"2a58"'}, "notfy: there is no such key; did you mean 'notify'?"),
        (ACC, {"bytes": "600"}, "bytes: expected is a whole number from 1 to 512, not 600"),
        (ACC, {"bytes": "true"}, "bytes: expected is a whole number from 1 to 512, not True"),
        (ACC, {"rate_hz": "0"}, "rate_hz: expected is a number from 0.1 to 10000, not 0"),
        (ACC, {"rate_hz": "inf"}, "rate_hz: expected is a number from 0.1 to 10000, not inf"),
        (ACC, {"rate_hz": "1e300"}, "rate_hz: expected is a number from 0.1 to 10000, not 1e+300"),
        (
            ACC,
            {"rate_hz": "1" + "0" * 400},
            "from 0.1 to 10000, not 1000",
        ),
        (ACC, {"bytes": "0x" + "f" * 9000}, "512, not a number of too many digits"),
        (ACC, {"name": r'"\u0000"'}, "name: expected is a text in quotes, not '"),
        (ACC, {"samples": "2"}, "stride: this key is missing"),
        (
            ACC,
            {"samples": "2", "stride": "6"},
            r"fields[1] offset: acc_y ends at byte 10 of a packet of 8 bytes",
        ),
        (
            ACC,
            {"bytes": "14", "samples": "2", "stride": "4"},
            "fields[2] offset: acc_z overlaps acc_x at byte 4",
        ),
        (ACC[:2], {}, "fields: acc_z missing; motion has three axes"),
        ([], {}, "fields: no motion; expected are acc_x, acc_y, acc_z or gyr_x"),
        ([*ACC, ACC[0]], {}, "fields[3] name: there are two fields 'acc_x'"),
        (
            [*ACC[:2], '{ name = "acc_z", type = "i16le", offset = 3, unit = "g", scale = 0.1 }'],
            {},
            "fields[2] offset: acc_z overlaps acc_y at byte 3",
        ),
        (
            [*ACC[:2], '{ name = "acc_z", type = "i32le", offset = 6, unit = "mg" }'],
            {},
            "fields[2] offset: acc_z ends at byte 10 of a packet of 8 bytes",
        ),
        (
            ['{ name = "acc_w", type = "i16le", offset = 0, unit = "g" }'],
            {},
            "fields[0] name: did you mean 'acc_z'? expected is one of acc_x",
        ),
        (
            ['{ name = "acc_x", type = "int16", offset = 0, unit = "g" }'],
            {},
            "fields[0] type: did you mean 'i16le'? expected is one of u8",
        ),
        (
            ['{ name = "acc_x", type = ["i16le"], offset = 0, unit = "g" }'],
            {},
            "fields[0] type: expected is one of u8",
        ),
        (
            ['{ name = "acc_x", type = "u16le", offset = 0, unit = "g" }'],
            {},
            "fields[0] type: motion has a sign",
        ),
        (
            ['{ name = "acc_x", type = "i16le", offset = 0 }'],
            {},
            "fields[0] unit: this key is missing; expected is one of m/s2, g, mg",
        ),
        (
            ['{ name = "gyr_x", type = "i16le", offset = 0, unit = "dps" }'],
            {},
            "expected is one of rad/s, mrad/s, deg/s, mdeg/s, not 'dps'",
        ),
        (
            ['{ name = "acc_x", type = "i16le", offset = 0, unit = "g" }'],
            {},
            "fields[0] scale: one count would be 9.81 m/s², which cannot be",
        ),
        (
            ['{ name = "acc_x", type = "i16le", offset = 0, unit = "mg", scale = 0.01 }'],
            {},
            "fields[0] scale: no value could be above 3.21 m/s²",
        ),
        (
            ['{ name = "gyr_x", type = "i8", offset = 0, unit = "deg/s", scale = 0.1 }'],
            {},
            "fields[0] scale: no value could be above 0.222 rad/s",
        ),
        (
            ['{ name = "acc_x", type = "f32le", offset = 0, unit = "g", scale = 0 }'],
            {},
            "fields[0] scale: a scale of 0 leaves nothing",
        ),
        (
            ['{ name = "acc_x", type = "f32le", offset = 0, unit = "g", full_scale = -2 }'],
            {},
            "fields[0] full_scale: expected is a number above 0, not -2",
        ),
        (
            ['{ name = "acc_x", type = "f32le", offset = 0, unit = "g", scale = 1e9 }'],
            {},
            "fields[0] scale: a 1 would be 9.81e+09 m/s²; check scale and unit",
        ),
        (
            ['{ name = "acc_x", type = "i16le", offset = 0, unit = "mg", full_scale = 4 }'],
            {},
            "fields[0] full_scale: nothing above 0.0392 m/s² could be seen; check its unit",
        ),
        (
            [*ACC, '{ name = "tick", type = "u16le", offset = 6, unit = "s", scale = 1e30 }'],
            {},
            "fields: a tick would be 1e+30 s; check scale and unit",
        ),
        (
            [*ACC, '{ name = "tick", type = "u16le", offset = 6, unit = "us" }'],
            {},
            "fields: the clock would begin anew after 0.0655 s, with a packet every 0.02 s",
        ),
        (
            [*ACC, '{ name = "seq", type = "u8", offset = 6, bits = 2 }'],
            {},
            "fields: the clock would begin anew after 0.08 s, with a packet every 0.02 s",
        ),
        (
            ['{ name = "tick", type = "f32le", offset = 0, unit = "s" }'],
            {},
            "fields[0] type: tick counts; expected is a type that begins with u or i",
        ),
        (
            ['{ name = "tick", type = "u16le", offset = 0, unit = "ms", scale = -1 }'],
            {},
            "fields[0] scale: expected is a number above 0, not -1",
        ),
        (
            ['{ name = "seq", type = "u8", offset = 0, scale = 2 }'],
            {},
            "fields[0] scale: a counter has none; its unit says",
        ),
        (
            ['{ name = "seq", type = "u8", offset = 0, bits = 9 }'],
            {},
            "fields[0] bits: expected is a whole number from 1 to 8, not 9",
        ),
        (ACC, {"tick_of": '"middle"'}, "tick_of: expected is one of first, last, not 'middle'"),
        (ACC, {"start": '"go"'}, "start: expected is a list of tables"),
        (
            ACC,
            {"start": '[{ write = "fff1", hex = "0x01" }]'},
            "start[0] hex: expected are pairs of hexadecimal digits, as in '01 ff', not '0x01'",
        ),
        (
            ACC,
            {"start": f'[{{ write = "fff1", hex = "{"00" * 513}" }}]'},
            "start[0] hex: 513 bytes; at most 512 can be written at once",
        ),
        (
            ACC,
            {"start": '[{ write = "fff1", hex = "01", response = 1 }]'},
            "start[0] response: expected is true or false, not 1",
        ),
    ],
)
def test_mistakes_are_told_with_key_and_expectation(
    fields: list[str], keys: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)) as error:
        read_layout(layout_text(fields, **keys), "own.toml")
    assert str(error.value).startswith("own.toml: ")


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own.toml: is not TOML: "):
        read_layout("name = ", "own.toml")
    with pytest.raises(ConfigError, match=r"nosuch: cannot be read: No such file"):
        LAYOUT.streams({"layout": "nosuch"}, 50.0)
    for no_file in (str(tmp_path), "/dev/zero", "a\0b", "a" * 5000):
        with pytest.raises(ConfigError, match="or an example: arduino_imu"):
            LAYOUT.streams({"layout": no_file}, 50.0)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not a text file in UTF-8"):
        LAYOUT.streams({"layout": str(binary)}, 50.0)


def test_a_rate_that_is_not_that_of_the_file_is_told() -> None:
    with pytest.raises(UsageError, match=r"Arduino IMU streams at 100 Hz, .*; set rate_hz = 100"):
        LAYOUT.streams({}, 60.0)


@given(
    data=st.data(),
    kind=st.sampled_from(sorted(kind for kind in TYPES if kind[0] != "u")),
    samples=st.integers(1, 5),
    padding=st.integers(0, 3),
)
def test_any_layout_reads_what_was_packed(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    kind: str,
    samples: int,
    padding: int,
) -> None:
    dtype = np.dtype(TYPES[kind])
    stride = 3 * dtype.itemsize + padding
    scale = 0.5 if kind == "i8" else 0.001
    fields = [
        f'{{ name = "acc_{axis}", type = "{kind}", offset = {n * dtype.itemsize}, unit = "g", '
        f"scale = {scale} }}"
        for n, axis in enumerate("xyz")
    ]
    size = samples * stride
    keys = {"bytes": str(size), "samples": str(samples), "stride": str(stride)}
    payloads = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=1, max_size=4))
    folder = tmp_path_factory.mktemp("layout")
    found = decoded(folder, layout_text(fields, **keys), *payloads)
    with np.errstate(invalid="ignore", over="ignore"):
        expected = [
            np.frombuffer(payload, dtype, 3, number * stride).astype(np.float64) * (scale * G)
            for payload in payloads
            for number in range(samples)
        ]
    assert found.acc is not None
    np.testing.assert_array_equal(found.acc, np.array(expected))
