"""The whole service: what it records is what a replay gives, and no service's absence stops it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from playwright.async_api import expect
from structlog.testing import capture_logs

from gateway.app.service import Ready, Service
from gateway.config.settings import Config, InfluxSection, JournalSection, MqttSection, PagesSection
from gateway.errors import ServiceError, SourceError
from gateway.journal import SUFFIX, open_journal
from gateway.messages import (
    BodyBlock,
    Cue,
    Figure,
    GaitEvent,
    JointAngleBlock,
    Message,
    Place,
    Repetition,
    Stride,
)
from gateway.pump import Figures
from gateway.radio.bleak_link import BleakRadio
from gateway.recordings import Recording, open_recording
from gateway.sources.bluetooth import BluetoothSource
from gateway.sources.playback import Playback
from simulators.movement.scenarios import SCENARIOS
from simulators.places import PLACES
from simulators.recording import Equipment, SimulatedRecording
from tests.contract import canonical
from tests.dashboards.visit import chromium, visiting
from tests.playing import played
from tests.services.influx import Database
from tests.services.server import Server, free_port
from tests.services.subscriber import subscriber
from tests.services.wait import until

SPEED = 3.0


def config(folder: Path, **sections: Any) -> Config:
    """Everything on free ports, sessions in ``folder``."""
    defaults: dict[str, Any] = {
        "journal": JournalSection(folder=folder),
        "mqtt": MqttSection(port=0),
        "pages": PagesSection(enabled=False),
    }
    return Config(**{**defaults, **sections})


def simulated(
    scenario: str, seconds: float, places: Sequence[Place] = PLACES
) -> SimulatedRecording:
    """A simulated person's recording."""
    return SimulatedRecording(scenario, 2, seconds, equipment=Equipment(places=tuple(places)))


async def serve(
    chosen: Config, recording: Recording, speed: float = SPEED
) -> tuple[Figures, Ready]:
    """Serve a recording to its end."""
    seen: list[Ready] = []
    service = Service(chosen, Playback(recording, speed))
    figures = await service.run(asyncio.Event(), seen.append)
    return figures, seen[0]


def sessions(folder: Path) -> list[Path]:
    """The session files in ``folder``."""
    return list(folder.glob(f"*{SUFFIX}"))


def only_session(folder: Path) -> Path:
    """The one session file in ``folder``."""
    (path,) = sessions(folder)
    return path


def results(messages: Sequence[Message], kind: type) -> list[bytes]:
    """Results of one kind as bytes, in an order that does not depend on the hop."""
    return sorted(msgspec.msgpack.encode(m) for m in messages if isinstance(m, kind))


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_the_whole_pipe_gives_the_same_whatever_the_hop(scenario: str) -> None:
    live, chunked = (played(simulated(scenario, 40), hop) for hop in (0.02, 10.0))
    for kind in (GaitEvent, Stride, Repetition, Figure, Cue):
        assert results(live, kind) == results(chunked, kind)
    blocks = [canonical([m for m in made if not isinstance(m, Cue)]) for made in (live, chunked)]
    for name in ("BodyBlock", "JointAngleBlock", "EstimateBlock"):
        for field in ("acc", "angle_rad", "valid", "mean", "sd"):
            if field in blocks[0][name]:
                one, other = (joined[name][field] for joined in blocks)
                shared = min(len(one), len(other))
                assert np.array_equal(one[:shared], other[:shared], equal_nan=one.dtype.kind == "f")


@pytest.mark.parametrize(
    "places",
    [
        (Place.LEFT_FOOT, Place.RIGHT_FOOT),
        (Place.LEFT_THIGH, Place.LEFT_SHANK),
        (Place.PELVIS,),
        (),
    ],
)
def test_any_subset_of_sensors_works_and_what_cannot_be_known_is_absent(
    places: Sequence[Place],
) -> None:
    made = played(simulated("clinic", 40, places), 2.0)
    feet = Place.LEFT_FOOT in places
    shank = Place.LEFT_SHANK in places
    pelvis = Place.PELVIS in places
    assert any(isinstance(m, Stride) for m in made) == (feet or shank or pelvis)
    angles = [m for m in made if isinstance(m, JointAngleBlock)]
    valid = np.concatenate([m.valid for m in angles]).any(axis=0) if angles else np.zeros(6, bool)
    assert valid.tolist() == [False, False, shank, False, False, False]


async def test_a_replay_of_what_was_recorded_gives_what_was_recorded(tmp_path: Path) -> None:
    await serve(config(tmp_path), simulated("clinic", 32))
    with open_journal(only_session(tmp_path)) as journal:
        recorded = list(journal.messages(["gait_event", "stride", "repetition", "joint_angles"]))
    again = played(open_recording(only_session(tmp_path)), 10.0)
    for kind in (GaitEvent, Stride, Repetition):
        assert results(recorded, kind) == results(again, kind)
    assert results(recorded, Stride)
    angles = [canonical(made)["JointAngleBlock"]["angle_rad"] for made in (recorded, again)]
    shared = min(len(a) for a in angles)
    assert shared > 3000
    assert np.array_equal(
        angles[0][:shared].astype("f4"), angles[1][:shared].astype("f4"), equal_nan=True
    )


async def test_records_reach_mosquitto_and_influxdb_completely(
    tmp_path: Path, mosquitto: Server, database: Database
) -> None:
    chosen = config(
        tmp_path,
        mqtt=MqttSection(host="127.0.0.1", port=mosquitto.port),
        influxdb=database.section,
    )
    async with subscriber(mosquitto.port, "gaitwire/#") as told:
        figures, _ = await serve(chosen, simulated("clinic", 32))
        await until(
            lambda: sum("record/stride" in topic for topic, _ in told) >= figures.strides,
            "every stride came",
        )
    received = [(topic, msgspec.json.decode(payload)) for topic, payload in told]
    with open_journal(only_session(tmp_path)) as journal:
        strides = [m for m in journal.messages(["stride"]) if isinstance(m, Stride)]
    topics = {topic.rsplit("/", 2)[-2] + "/" + topic.rsplit("/", 1)[-1] for topic, _ in received}
    assert {"live/motion", "live/gait", "live/sensors", "record/angles", "gateway/state"} <= topics
    sequence = [d["seq"] for topic, d in received if "/record/" in topic]
    assert sequence == sorted(set(sequence))
    assert figures.strides == len(strides) > 5
    assert database.count("stride", "stride_time_s") == len(strides)


async def test_a_sink_of_the_folder_is_given_every_record(tmp_path: Path) -> None:
    table = {"enabled": True, "folder": tmp_path / "records"}
    chosen = config(tmp_path, sinks={"json_lines": table})
    figures, _ = await serve(chosen, simulated("walk", 16))
    (path,) = (tmp_path / "records").iterdir()
    assert path.stem == only_session(tmp_path).name.removesuffix(SUFFIX)
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    told = Counter(line["kind"] for line in lines)
    with open_journal(only_session(tmp_path)) as journal:
        counts = journal.counts()
    assert told["stride"] == counts["stride"] == figures.strides
    assert told["figure"] == counts["figure"] > 10


async def test_absent_services_stop_nothing(tmp_path: Path) -> None:
    nobody = free_port()
    chosen = config(
        tmp_path,
        mqtt=MqttSection(host="127.0.0.1", port=nobody),
        influxdb=InfluxSection(enabled=True, url=f"http://127.0.0.1:{free_port()}"),
    )
    with capture_logs() as log:
        figures, _ = await serve(chosen, simulated("walk", 16))
    assert figures.strides > 5
    with open_journal(only_session(tmp_path)) as journal:
        assert journal.counts()["stride"] == figures.strides
    (waiting,) = [line["sinks"] for line in log if line["event"].startswith("waiting for")]
    assert waiting == "mqtt, influxdb"


async def test_a_failure_before_anything_was_received_leaves_no_session(tmp_path: Path) -> None:
    source = BluetoothSource("p", (), 100.0, nullcontext(BleakRadio()))
    service = Service(config(tmp_path, mqtt=MqttSection(enabled=False)), source)
    with pytest.raises(SourceError, match="no sensor"):
        await service.run(asyncio.Event(), lambda _: None)
    assert sessions(tmp_path) == []


async def test_a_busy_mqtt_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"127\.0\.0\.1:{port}.*set mqtt.port to 0"):
            await serve(config(tmp_path, mqtt=MqttSection(port=port)), simulated("walk", 5))
    assert not sessions(tmp_path)


async def test_a_patient_sees_the_figure_move_squats_counted_and_cues(tmp_path: Path) -> None:
    ready = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    service = Service(
        config(tmp_path, pages=PagesSection(port=0)),
        Playback(SimulatedRecording("squat", 2), label="simulated person"),
    )
    serving = asyncio.create_task(service.run(stop, ready.set_result))
    where: Ready = await ready
    async with chromium() as browser, visiting(browser, where.pages) as visit:
        page = visit.page
        figure = page.locator("#figure")
        two_or_more = re.compile(r"[2-9]|\d{2,}")  # a browser that starts slowly sees no 2
        await expect(page.locator("#count")).to_have_text(two_or_more, timeout=60_000)
        await expect(page.locator("#cue")).not_to_be_empty()
        poses: set[bytes] = set()
        async with asyncio.timeout(30):
            while len(poses) < 4:
                poses.add(await figure.screenshot())
    stop.set()
    figures = await serving
    assert figures.repetitions >= 2
    assert figures.cues >= 2


def test_body_blocks_carry_when_they_were_complete() -> None:
    made = played(simulated("walk", 10), 0.02)
    bodies = [m for m in made if isinstance(m, BodyBlock)]
    origin_ns = simulated("walk", 10).origin_ns
    waits_s = [
        (body.ready_ns - origin_ns) * 1e-9 - (body.start + len(body.acc) - 1) / body.rate_hz
        for body in bodies
    ]
    assert min(waits_s) >= 0
    assert max(waits_s) <= 0.06 + 1e-6
